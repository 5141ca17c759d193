/* Tables register from constructors and leave from destructors, under the dynamic linker's locks.
 */
#include "sites.h"

#include "compiler.h"
#include "context.h"
#include "lock.h"
#include "object.h"
#include "os_memory.h"
#include "process.h"
#include "redirect.h"
#include "thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#define CHUNK_BYTES 4096

struct module {
    struct module *next;
    const struct memtrack_site *start, *stop; /* NULL: free for reuse */
};

static struct mt_lock lock;
static struct module *modules;

struct range {
    const struct memtrack_site *start, *stop;
};

/* The tables removed last: what lies there may be gone. A site that no table is known for can be
 * read; its constructor has not run yet. */
#define REMOVED 64
static struct range removed[REMOVED];
static unsigned removed_count;

static struct module *module_new(void) {
    struct module *module;

    for (module = modules; module; module = module->next)
        if (!module->start)
            return module;
    module = mt_os_memory_map(CHUNK_BYTES);
    if (!module)
        return NULL;
    for (size_t i = 0; i < CHUNK_BYTES / sizeof *module; i++) {
        module[i].next = modules;
        modules = &module[i];
    }
    return modules;
}

MT_EXPORT void __memtrack_register_sites_v3(const struct memtrack_site *start,
                                            const struct memtrack_site *stop) {
    struct module *module;
    int saved = errno;

    if (!start || start >= stop || mt_process_is_stray())
        return;
    mt_lock_take(&lock);
    module = modules;
    while (module && module->start != start)
        module = module->next;
    for (unsigned i = 0; i < REMOVED; i++)
        if (removed[i].start < stop && start < removed[i].stop)
            removed[i] = (struct range){NULL, NULL};
    if (!module && (module = module_new())) {
        module->start = start;
        module->stop = stop;
    }
    mt_lock_release(&lock);
    if (mt_record_enabled())
        mt_redirect_objects();
    errno = saved;
}

static void remove_table(const struct memtrack_site *start, const struct memtrack_site *stop) {
    mt_lock_take(&lock);
    for (struct module *module = modules; module; module = module->next)
        if (module->start == start)
            module->start = module->stop = NULL;
    removed[removed_count++ % REMOVED] = (struct range){start, stop};
    mt_lock_release(&lock);
}

static void forget_cached(struct mt_thread *thread, void *data) {
    const struct range *range = data;

    mt_context_forget_cached(thread->cache, range->start, range->stop);
}

MT_EXPORT void __memtrack_unregister_sites_v3(const struct memtrack_site *start,
                                              const struct memtrack_site *stop) {
    static _Atomic bool exiting;
    struct range range = {start, stop};
    struct mt_object object;
    int saved = errno;

    if (!start || start >= stop || mt_process_is_stray())
        return;
    /* The program goes when the process does: then all objects run their destructors but stay where
     * they are, and functions of one that is done may be among the callers of another's. */
    if (!mt_object_find((uintptr_t)start, &object) || !object.name[0])
        atomic_store_explicit(&exiting, true, memory_order_relaxed);
    if (!atomic_load_explicit(&exiting, memory_order_relaxed)) {
        remove_table(start, stop);
        mt_context_forget(start, stop);
        mt_thread_lock_registry();
        mt_thread_each(forget_cached, &range);
        mt_thread_unlock_registry();
    }
    errno = saved;
}

static struct module *module_of(const struct memtrack_site *site) {
    struct module *module = modules;

    while (module && !(module->start && site >= module->start && site < module->stop))
        module = module->next;
    return module;
}

static bool is_mapped(const struct memtrack_site *site) {
    bool mapped = true;

    mt_lock_take(&lock);
    for (unsigned i = 0; i < REMOVED && mapped; i++)
        mapped = !(site >= removed[i].start && site < removed[i].stop);
    mt_lock_release(&lock);
    return mapped;
}

static bool looks_like_call(const struct memtrack_site *site) {
    const uintptr_t last = (uintptr_t)(site + 1) - 1;
    const struct memtrack_frame *frames;

    if ((uintptr_t)site % sizeof *site || !mt_os_memory_is_readable((uintptr_t)site) ||
        !mt_os_memory_is_readable(last) || !(site->flags & MT_SITE_CALL) || !site->frame_count ||
        site->callee || site->reserved)
        return false;
    frames = mt_sites_follow(&site->frames);
    return frames && mt_os_memory_is_readable((uintptr_t)frames) &&
           mt_os_memory_is_readable((uintptr_t)(frames + site->frame_count) - 1);
}

bool mt_sites_is_call(const struct memtrack_site *site) {
    struct module *module;
    bool at_start;

    mt_lock_take(&lock);
    module = module_of(site);
    at_start = module && ((uintptr_t)site - (uintptr_t)module->start) % sizeof *site == 0;
    mt_lock_release(&lock);
    if (module)
        return at_start && site->flags & MT_SITE_CALL;
    return is_mapped(site) && looks_like_call(site);
}

void mt_sites_before_fork(void) {
    mt_lock_take(&lock);
}

void mt_sites_after_fork(void) {
    mt_lock_release(&lock);
}
