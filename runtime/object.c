#define _GNU_SOURCE
#include "object.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <unistd.h>

static char program[4096];

#if __GLIBC_PREREQ(2, 35)

bool mt_object_find(uintptr_t address, struct mt_object *object) {
    struct dl_find_object found;

    if (_dl_find_object((void *)address, &found) != 0)
        return false;
    object->start = (uintptr_t)found.dlfo_map_start;
    object->end = (uintptr_t)found.dlfo_map_end;
    object->bias = found.dlfo_link_map->l_addr;
    object->name = found.dlfo_link_map->l_name;
    return true;
}

#else

struct search {
    uintptr_t address;
    struct mt_object *object;
};

static int visit(struct dl_phdr_info *info, size_t size, void *data) {
    struct search *search = data;
    struct mt_object object = {UINTPTR_MAX, 0, info->dlpi_addr, info->dlpi_name};

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;

        if (segment->p_type != PT_LOAD)
            continue;
        if (start < object.start)
            object.start = start;
        if (start + segment->p_memsz > object.end)
            object.end = start + segment->p_memsz;
    }
    if (search->address - object.start >= object.end - object.start)
        return 0;
    *search->object = object;
    return 1;
}

bool mt_object_find(uintptr_t address, struct mt_object *object) {
    struct search search = {address, object};

    return dl_iterate_phdr(visit, &search) != 0;
}

#endif

void mt_object_prepare(void) {
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

    program[length > 0 ? length : 0] = 0;
}

const char *mt_object_program(void) {
    return program;
}

const char *mt_object_path(const struct mt_object *object) {
    return object->name[0] ? object->name : program;
}
