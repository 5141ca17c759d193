/* Which functions stand at addresses of an ELF file, by its symbol tables: its own, and that of its
 * separate debug file where one is installed. Files are what they claim to be or not; a malformed
 * one only has fewer names. Knows nothing of traces. */
#ifndef MT_UTIL_ELF_SYMBOLS_H
#define MT_UTIL_ELF_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct elf_wanted {
    uint64_t address; /* as in the file's program headers */
    char *name;       /* linkage name of the function around it; to be freed. NULL: not known */

    /* While it is looked for: */
    uint64_t start;
    unsigned binding;
};

/* Names those that can be named; they are sorted by their addresses, which are distinct. */
void elf_symbols_find(const char *path, struct elf_wanted *wanted, size_t count);

#endif
