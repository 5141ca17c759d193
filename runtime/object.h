/* Objects that are loaded: the executable and libraries, by an address in them. Any thread, signal
 * handlers too; takes no lock, but with a glibc before 2.35 the dynamic linker's. */
#ifndef MT_OBJECT_H
#define MT_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

/* As long as it is loaded. */
struct mt_object {
    uintptr_t start, end; /* mapped there */
    uintptr_t bias;       /* of its addresses to those in its ELF file */
    const char *name;     /* as the dynamic linker knows its file; "" for the executable */
};

bool mt_object_find(uintptr_t address, struct mt_object *object);

/* The path of its file; "" if that is not known. */
const char *mt_object_path(const struct mt_object *object);

/* The executable's path. Found out by mt_object_prepare(), once before the first other thread's
 * use;
 * "" before that, and if it cannot be told. */
void mt_object_prepare(void);
const char *mt_object_program(void);

#endif
