/* Symbols of arbitrary bytes. */
#define _GNU_SOURCE
#include "util/elf_symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct elf_wanted wanted[] = {
        {.address = 0}, {.address = 0x1000}, {.address = 0x1008}, {.address = UINT64_MAX}};
    const size_t count = sizeof(wanted) / sizeof(wanted[0]);
    int fd = memfd_create("elf", 0);
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (write(fd, data, size) == (ssize_t)size)
        elf_symbols_find(path, wanted, count);
    close(fd);
    for (size_t i = 0; i < count; i++)
        free(wanted[i].name);
    return 0;
}
