/* Objects that calls have been found in are kept in a table, so that those that are gone after a
 * dlclose can be told. */
#include "foreign.h"

#include "block.h"
#include "context.h"
#include "lock.h"
#include "object.h"
#include "os_memory.h"
#include "record.h"
#include "text.h"
#include "thread.h"

#include <stddef.h>
#include <string.h>

/* Objects in which calls were found; those of more are never forgotten. */
#define OBJECTS 8192u

static struct mt_lock lock;
static struct mt_object *objects;
static unsigned object_count;

static void remember(const struct mt_object *found) {
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

/* Of a call of malloc and its kind. What calls it in another library than libc may be an operator
 * new that was linked into it. */
static enum memtrack_api family(uintptr_t word, const char *name) {
    enum memtrack_api api = (enum memtrack_api)(word >> 1 & 3);

    return api == MT_API_MALLOC && strncmp(name, "libc.so", 7) != 0 ? MT_API_UNKNOWN : api;
}

void mt_foreign_find(const struct memtrack_site *site, struct mt_foreign *found) {
    uintptr_t word = (uintptr_t)site, address = (word & ~MT_CALL_FOREIGN) >> 3;
    struct mt_object object = {0, 0, 0, ""};
    uint8_t text[256];
    struct mt_bytes bytes = {text, 0};
    const char *name;

    found->path = "";
    if (mt_object_find(address, &object)) {
        remember(&object);
        found->path = mt_object_path(&object);
    }
    name = mt_text_base_name(found->path);
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

static void forget(const struct mt_object *object) {
    struct range range = {(const void *)mt_call_foreign((void *)object->start, 0),
                          (const void *)mt_call_foreign((void *)object->end, 0)};

    mt_context_forget(range.start, range.stop);
    mt_thread_lock_registry();
    mt_thread_each(forget_cached, &range);
    mt_thread_unlock_registry();
}

/* Takes one that is gone out of the table. */
static bool take_unloaded(struct mt_object *gone) {
    bool any = false;

    mt_lock_take(&lock);
    for (unsigned i = 0; i < object_count && !any; i++) {
        struct mt_object *known = &objects[i], now;

        if (!known->end || (mt_object_find(known->start, &now) && now.end == known->end &&
                            now.bias == known->bias && now.name == known->name))
            continue;
        *gone = *known;
        known->start = known->end = 0;
        any = true;
    }
    mt_lock_release(&lock);
    return any;
}

void mt_foreign_forget_unloaded(void) {
    struct mt_object gone;

    while (take_unloaded(&gone))
        forget(&gone);
}

void mt_foreign_before_fork(void) {
    mt_lock_take(&lock);
}

void mt_foreign_after_fork(void) {
    mt_lock_release(&lock);
}
