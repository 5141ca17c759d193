#include "trace/profile.h"

#include "trace/defs.h"

#include <math.h>
#include <stdlib.h>

static bool read_numbers(struct cursor *in, uint64_t *numbers, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!cursor_varint(in, &numbers[i]))
            return false;
    return true;
}

/* Of a struct that consists of numbers, or begins with them. */
#define READ(in, object, last)                                                                     \
    read_numbers(in, (uint64_t *)(void *)(object),                                                 \
                 offsetof(__typeof__(*(object)), last) / sizeof(uint64_t) + 1)

static bool read_context(struct cursor *in, struct profile_context *context) {
    return READ(in, context, temporary_bytes) &&
           cursor_fixed(in, &context->lifetime_ticks, sizeof(context->lifetime_ticks)) &&
           isfinite(context->lifetime_ticks) && context->lifetime_ticks >= 0 &&
           context->id <= UINT32_MAX && context->live_blocks <= UINT32_MAX &&
           context->blocks_at_peak <= UINT32_MAX;
}

static bool read_thread(struct cursor *in, struct profile_thread *thread) {
    return READ(in, thread, temporary) && thread->id <= UINT32_MAX;
}

/* False: it is malformed, or *no_memory. */
static bool read_record(struct profile *profile, uint8_t kind, struct cursor *in, bool *no_memory) {
    struct profile_context context, *new_context;
    struct profile_thread thread, *new_thread;
    struct profile_point point, *new_point;

    switch (kind) {
    case MT_PROFILE_TOTALS:
        return READ(in, &profile->totals, last_ticks);
    case MT_PROFILE_CONTEXT:
        if (!read_context(in, &context))
            return false;
        new_context = MT_LIST_ADD(profile->contexts);
        *no_memory = !new_context;
        if (new_context)
            *new_context = context;
        return new_context != NULL;
    case MT_PROFILE_THREAD:
        if (!read_thread(in, &thread))
            return false;
        new_thread = MT_LIST_ADD(profile->threads);
        *no_memory = !new_thread;
        if (new_thread)
            *new_thread = thread;
        return new_thread != NULL;
    case MT_PROFILE_POINT:
        if (!READ(in, &point, allocations))
            return false;
        new_point = MT_LIST_ADD(profile->points);
        *no_memory = !new_point;
        if (new_point)
            *new_point = point;
        return new_point != NULL;
    default: /* of a later version */
        in->at = in->end;
        return true;
    }
}

static void begin(struct profile *profile, uint64_t serial) {
    profile->present = true;
    profile->serial = serial;
    profile->totals = (struct profile_totals){0};
    profile->contexts.count = profile->threads.count = profile->points.count = 0;
}

bool parse_profile(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    struct profile *profile = &defs->profile;
    uint64_t serial;

    if (!cursor_varint(in, &serial))
        return error_set(error, "the number of a profile ends early or is out of range");
    if (profile->present && serial < profile->serial) {
        in->at = in->end;
        return true;
    }
    if (!profile->present || serial > profile->serial)
        begin(profile, serial);
    for (uint32_t i = 0; i < count; i++) {
        struct cursor record;
        uint8_t kind;
        bool no_memory = false;

        if (!cursor_string(in, MT_BLOCK_MAX_RAW, &record) || !cursor_fixed(&record, &kind, 1))
            return error_set(error, "a record of a profile ends early");
        if (!read_record(profile, kind, &record, &no_memory))
            return no_memory ? error_no_memory(error)
                             : error_set(error, "a record of a profile has a number that ends "
                                                "early or is out of range");
        if (cursor_left(&record))
            return error_set(error, "a record of a profile is longer than its contents");
    }
    return true;
}

void profile_free(struct profile *profile) {
    free(profile->contexts.items);
    free(profile->threads.items);
    free(profile->points.items);
    *profile = (struct profile){0};
}
