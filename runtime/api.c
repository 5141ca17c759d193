/* The runtime's side of memtrack/memtrack.h. Runs in the program's threads: outside the event path,
 * but for a signal handler that has interrupted it, where all but tags are refused. */
#include "api.h"

#include "block.h"
#include "compiler.h"
#include "definitions.h"
#include "lock.h"
#include "memtrack/memtrack.h"
#include "process.h"
#include "record.h"
#include "stamp.h"
#include "tags.h"
#include "thread.h"
#include "writer.h"

#include <errno.h>
#include <string.h>

#define NAME_MAX_BYTES 1000u
#define SNAPSHOT_MS 10000u

#define API(type, name, ...)                                                                       \
    MT_EXPORT type __memtrack_##name(__VA_ARGS__);                                                 \
    MT_EXPORT type __memtrack_##name(__VA_ARGS__)

/* Pauses that have not been resumed. The lock makes the marks of a change come in the order of the
 * changes; it is the outermost of the runtime's. */
static struct mt_lock pause_lock;
static _Atomic unsigned pauses;

/* As the event path does: a handler that allocates leaves its event in the list. False if this is
 * such a handler, or if nothing is recorded. What the runtime does in between is no event. */
static bool enter(struct mt_local *local, int *saved) {
    if (local->busy & 1 || !mt_record_enabled() || mt_process_is_stray())
        return false;
    *saved = errno;
    local->busy++;
    MT_SIGNAL_FENCE();
    return true;
}

static void leave(struct mt_local *local, const int *saved) {
    MT_SIGNAL_FENCE();
    local->busy--;
    MT_SIGNAL_FENCE();
    if (!local->busy && atomic_load_explicit(&local->nested, memory_order_relaxed))
        mt_thread_drain_nested(local);
    errno = *saved;
}

/* The time of a mark: what is recorded after it has no earlier one. */
static uint64_t moment(struct mt_local *local) {
    mt_stamp_all_anew();
    return mt_stamp_now(local);
}

static bool mark(const struct mt_local *local, enum mt_mark_kind kind, const char *name,
                 uint64_t ticks) {
    uint8_t data[3 * MT_VARINT_MAX + 1 + NAME_MAX_BYTES];
    struct mt_bytes payload = {data, 0};

    name = name ? name : "";
    mt_bytes_add_varint(&payload, ticks);
    mt_bytes_add_varint(&payload, local->thread ? local->thread->id : local->ended_id);
    mt_bytes_add_u8(&payload, (uint8_t)kind);
    mt_bytes_add_string(&payload, name, strnlen(name, NAME_MAX_BYTES));
    return mt_definitions_add(MT_BLOCK_MARKS, &payload);
}

/* Pausing */

API(int, is_recording, void) {
    return mt_record_allocations() && !mt_process_is_stray();
}

API(void, pause, void) {
    struct mt_local *local = &mt_local;
    int saved;

    if (!enter(local, &saved))
        return;
    mt_process_start();
    mt_lock_take(&pause_lock);
    /* The mark first: what is not recorded comes after it. */
    if (atomic_load_explicit(&pauses, memory_order_relaxed) == 0 && mt_record_enabled()) {
        mark(local, MT_MARK_PAUSE, "", moment(local));
        mt_process_pause_recording(true);
    }
    atomic_fetch_add_explicit(&pauses, 1, memory_order_relaxed);
    mt_lock_release(&pause_lock);
    leave(local, &saved);
}

API(void, resume, void) {
    struct mt_local *local = &mt_local;
    int saved;

    if (!enter(local, &saved))
        return;
    mt_lock_take(&pause_lock);
    if (atomic_load_explicit(&pauses, memory_order_relaxed) > 0 &&
        atomic_fetch_sub_explicit(&pauses, 1, memory_order_relaxed) == 1) {
        mt_process_pause_recording(false);
        mark(local, MT_MARK_RESUME, "", moment(local));
    }
    mt_lock_release(&pause_lock);
    leave(local, &saved);
}

void mt_api_trace_opened(void) {
    if (atomic_load_explicit(&pauses, memory_order_relaxed))
        mark(&mt_local, MT_MARK_PAUSE, "", mt_clock_ticks());
}

void mt_api_before_fork(void) {
    mt_lock_take(&pause_lock);
}

void mt_api_after_fork(void) {
    mt_lock_release(&pause_lock);
}

/* Names */

API(void, phase, const char *name) {
    struct mt_local *local = &mt_local;
    int saved;

    if (!enter(local, &saved))
        return;
    if (mt_process_start())
        mark(local, MT_MARK_PHASE, name, moment(local));
    leave(local, &saved);
}

API(void, name_thread, const char *name) {
    struct mt_local *local = &mt_local;
    int saved;

    if (!enter(local, &saved))
        return;
    mt_thread_set_name(local, name ? name : "");
    leave(local, &saved);
}

API(int, snapshot, const char *name) {
    struct mt_local *local = &mt_local;
    uint64_t ticks = moment(local);
    bool done;
    int saved;

    if (!enter(local, &saved))
        return -1;
    done = mt_process_start() && mark(local, MT_MARK_SNAPSHOT, name, ticks) &&
           mt_writer_snapshot(SNAPSHOT_MS);
    leave(local, &saved);
    return done ? 0 : -1;
}

/* Tags. A handler that interrupts these leaves the thread's tags as it found them. */

API(void, push_tag, const char *text) {
    struct mt_local *local = &mt_local;

    mt_tags_use(local, mt_tags_push(local->tags, text));
}

API(void, pop_tag, void) {
    struct mt_local *local = &mt_local;

    mt_tags_use(local, mt_tags_pop(local->tags));
}

API(memtrack_tags, get_tags, void) {
    return mt_local.tags;
}

API(void, set_tags, memtrack_tags tags) {
    mt_tags_use(&mt_local, mt_tags_checked(tags));
}
