/* Objects that calls have been found in are kept in a table, so that those that are gone after a
 * dlclose can be told. */
#define _GNU_SOURCE
#include "foreign.h"

#include "block.h"
#include "context.h"
#include "lock.h"
#include "os_memory.h"
#include "record.h"
#include "thread.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* Objects in which calls were found; those of more are never forgotten. */
#define OBJECTS 8192u

struct object {
    uintptr_t start, end; /* mapped there */
    uintptr_t bias;
    const char *path;
};

static struct mt_lock lock;
static struct object *objects;
static unsigned object_count;

#if __GLIBC_PREREQ(2, 35)

static bool find(uintptr_t address, struct object *object) {
    struct dl_find_object found;

    if (_dl_find_object((void *)address, &found) != 0)
        return false;
    object->start = (uintptr_t)found.dlfo_map_start;
    object->end = (uintptr_t)found.dlfo_map_end;
    object->bias = found.dlfo_link_map->l_addr;
    object->path = found.dlfo_link_map->l_name;
    return true;
}

#else

struct search {
    uintptr_t address;
    struct object *object;
};

static int visit(struct dl_phdr_info *info, size_t size, void *data) {
    struct search *search = data;
    struct object object = {UINTPTR_MAX, 0, info->dlpi_addr, info->dlpi_name};

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

static bool find(uintptr_t address, struct object *object) {
    struct search search = {address, object};

    return dl_iterate_phdr(visit, &search) != 0;
}

#endif

static void remember(const struct object *found) {
    unsigned i = 0;

    mt_lock_take(&lock);
    if (!objects)
        objects = mt_os_memory_map(OBJECTS * sizeof *objects);
    while (objects && i < object_count &&
           (objects[i].start != found->start || objects[i].end != found->end))
        i++;
    if (objects && i == object_count) {
        for (i = 0; i < object_count && objects[i].end; i++)
            ;
        if (i < OBJECTS)
            objects[i] = *found;
        if (i == object_count && i < OBJECTS)
            object_count++;
    }
    mt_lock_release(&lock);
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Of a call of malloc and its kind. What calls it in another library than libc may be an operator
 * new that was linked into it. */
static enum memtrack_api family(uintptr_t word, const char *name) {
    enum memtrack_api api = (enum memtrack_api)(word >> 1 & 3);

    return api == MT_API_MALLOC && strncmp(name, "libc.so", 7) != 0 ? MT_API_UNKNOWN : api;
}

void mt_foreign_find(const struct memtrack_site *site, struct mt_foreign *found) {
    uintptr_t word = (uintptr_t)site, address = (word & ~MT_CALL_FOREIGN) >> 3;
    struct object object = {0, 0, 0, ""};
    uint8_t text[256];
    struct mt_bytes bytes = {text, 0};
    const char *name;

    found->path[0] = 0;
    if (find(address, &object)) {
        remember(&object);
        strncpy(found->path, object.path, sizeof found->path - 1);
        found->path[sizeof found->path - 1] = 0;
        /* The main program has no name there. */
        if (!found->path[0]) {
            ssize_t length = readlink("/proc/self/exe", found->path, sizeof found->path - 1);

            found->path[length > 0 ? length : 0] = 0;
        }
    }
    name = base_name(found->path);
    found->offset = address - object.bias;
    found->api = family(word, name);
    mt_bytes_add_string(&bytes, "foreign", 7);
    mt_bytes_add_string(&bytes, name, strnlen(name, 200));
    mt_bytes_add_u64(&bytes, found->offset);
    found->hash = mt_block_checksum(text, bytes.size);
}

struct range {
    const struct memtrack_site *start, *stop;
};

static void forget_cached(struct mt_thread *thread, void *data) {
    const struct range *range = data;

    mt_context_forget_cached(thread->cache, range->start, range->stop);
}

static void forget(const struct object *object) {
    struct range range = {(const void *)mt_call_foreign((void *)object->start, 0),
                          (const void *)mt_call_foreign((void *)object->end, 0)};

    mt_context_forget(range.start, range.stop);
    mt_thread_lock_registry();
    mt_thread_each(forget_cached, &range);
    mt_thread_unlock_registry();
}

/* Takes one that is gone out of the table. */
static bool take_unloaded(struct object *gone) {
    bool any = false;

    mt_lock_take(&lock);
    for (unsigned i = 0; i < object_count && !any; i++) {
        struct object *known = &objects[i], now;

        if (!known->end || (find(known->start, &now) && now.end == known->end &&
                            now.bias == known->bias && now.path == known->path))
            continue;
        *gone = *known;
        known->start = known->end = 0;
        any = true;
    }
    mt_lock_release(&lock);
    return any;
}

void mt_foreign_forget_unloaded(void) {
    struct object gone;

    while (take_unloaded(&gone))
        forget(&gone);
}

void mt_foreign_before_fork(void) {
    mt_lock_take(&lock);
}

void mt_foreign_after_fork(void) {
    mt_lock_release(&lock);
}
