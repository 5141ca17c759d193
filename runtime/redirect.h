/* Where the allocator's public symbols are not the runtime's, because another library's come first
 * or the runtime was loaded later: the entries of loaded objects that lead to them are redirected.
 */
#ifndef MT_REDIRECT_H
#define MT_REDIRECT_H

/* Looks at all objects that are loaded, unless there are none but those looked at last. Takes the
 * dynamic linker's lock. A static program has nothing to redirect. */
void mt_redirect_objects(void);

#endif
