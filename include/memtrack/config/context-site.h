/* Sets the option context=site of the pass in the translation unit that includes it, which the
 * drivers' --memtrack-context=site and memtrack_instrument(... CONTEXT site) force. The pass takes
 * the array out again, so that no object file has it.
 *
 * Holds for assembler, C and C++ of any standard, without a warning. A precompiled header may hold
 * it, too: the guard is in it then. */
#ifndef MEMTRACK_CONFIG_CONTEXT_SITE_H
#define MEMTRACK_CONFIG_CONTEXT_SITE_H

#ifndef __ASSEMBLER__
#pragma GCC system_header
/* MT_CONFIG_SECTION of abi.h, which is not for every program to see. */
static const char __memtrack_config_context[]
    __attribute__((used, nodebug, section("memtrack.cfg"))) = "context=site";
#endif

#endif
