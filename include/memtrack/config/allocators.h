/* Hands the list of custom allocators that the drivers' --memtrack-allocators=FILE names to the
 * pass: the drivers force this header on the translation unit and define the macro, a string of the
 * file's name and lines. The pass takes the array out again, so that no object file has it.
 *
 * Holds for assembler, C and C++ of any standard, without a warning. A precompiled header may hold
 * it, too: the guard is in it then. */
#ifndef MEMTRACK_CONFIG_ALLOCATORS_H
#define MEMTRACK_CONFIG_ALLOCATORS_H

#if !defined(__ASSEMBLER__) && defined(MEMTRACK_CONFIG_ALLOCATOR_LIST)
#pragma GCC system_header
/* MT_CONFIG_SECTION of abi.h, which is not for every program to see. */
static const char __memtrack_config_allocators[]
    __attribute__((used, nodebug, section("memtrack.cfg"))) = MEMTRACK_CONFIG_ALLOCATOR_LIST;
#endif

#endif
