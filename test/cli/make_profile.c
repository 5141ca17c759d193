#include "make_profile.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Contexts 1 to 3, and 2 threads of which the second has no name. */
static void define(struct builder *builder) {
    builder_begin(builder);
    builder_process_text(builder, "executable", "/opt/service");
    builder_process_text(builder, "capture", "interposed");
    builder_clock(builder, 1000, 1000, 1700000000000000000);
    for (uint32_t id = 1; id <= 3; id++)
        builder_simple_context(builder, id);
    builder_thread(builder, 1, 4321, "service");
}

/* A record of numbers and, with one, a lifetime. */
static void record(struct bytes *payload, uint8_t kind, const uint64_t *numbers, size_t count,
                   const double *lifetime) {
    struct bytes content = {0};

    bytes_add(&content, &kind, 1);
    for (size_t i = 0; i < count; i++)
        bytes_varint(&content, numbers[i]);
    if (lifetime)
        bytes_add(&content, lifetime, sizeof(*lifetime));
    bytes_varint(payload, content.size);
    bytes_add(payload, content.data, content.size);
    bytes_free(&content);
}

static void end_block(struct builder *builder, struct bytes *payload, uint32_t count) {
    builder_block(builder, (struct mt_block_header){.kind = MT_BLOCK_PROFILE, .count = count},
                  payload);
    bytes_free(payload);
    *payload = (struct bytes){0};
}

/* Of another time: nothing of it is to be seen. */
static void put_older(struct builder *builder) {
    static const uint64_t context[] = {1, 7777, 7777, 7777, 7777, 7777, 7777, 7777, 7777, 7777};
    static const uint64_t thread[] = {9, 7777, 7777, 7777, 7777, 7777, 7777, 7777, 7777, 7777};
    struct bytes payload = {0};
    double lifetime = 7777;

    bytes_varint(&payload, 1);
    record(&payload, MT_PROFILE_CONTEXT, context, COUNT(context), &lifetime);
    record(&payload, MT_PROFILE_THREAD, thread, COUNT(thread), NULL);
    end_block(builder, &payload, 2);
}

/* Context 1 has leaked 10 of 100 blocks, context 2 held the peak, context 3 is not told of. */
static void put_newer(struct builder *builder, uint64_t flags, double lifetime) {
    const uint64_t totals[] = {flags, 292, 3, 100, 10, 4100, 5000, 2, 1, 6, 60, 9000};
    const uint64_t first[] = {1, 100, 1000, 89, 100, 10, 100, 10, 5, 50};
    const uint64_t second[] = {2, 50, 5000, 50, 0, 0, 4000, 40, 0, 0};
    const uint64_t main_thread[] = {1, 200, 100, 1000, 100, 50, 5, 1000, 40, 5};
    const uint64_t other_thread[] = {2, 92, 50, 5000, 41, 50, 5, 4050, 0, 0};
    const uint64_t points[2][4] = {{3000, 900, 90, 90}, {6000, 100, 10, 150}};
    const uint64_t later = 1;
    struct bytes payload = {0};

    bytes_varint(&payload, 2);
    record(&payload, MT_PROFILE_TOTALS, totals, COUNT(totals), NULL);
    record(&payload, MT_PROFILE_CONTEXT, first, COUNT(first), &lifetime);
    record(&payload, 99, &later, 1, NULL);
    end_block(builder, &payload, 3);
    bytes_varint(&payload, 2);
    record(&payload, MT_PROFILE_CONTEXT, second, COUNT(second), &(double){0});
    record(&payload, MT_PROFILE_THREAD, main_thread, COUNT(main_thread), NULL);
    record(&payload, MT_PROFILE_THREAD, other_thread, COUNT(other_thread), NULL);
    record(&payload, MT_PROFILE_POINT, points[0], 4, NULL);
    record(&payload, MT_PROFILE_POINT, points[1], 4, NULL);
    end_block(builder, &payload, 5);
}

/* What no profile has: a sampled allocation after it. */
static const struct built_event sample = {MT_OP_ALLOC, 1, 0x5000, 10 | 32768ull << 48, 9500};

int make_profile(struct builder *builder, const char *kind) {
    double never = strcmp(kind, "profile-nan") == 0 ? 0.0 : 1.0;
    int incomplete = strcmp(kind, "profile-incomplete") == 0;
    int sampled = strcmp(kind, "profile-sampled") == 0;

    if (strcmp(kind, "profile") != 0 && !incomplete && !sampled && never != 0)
        return 0;
    define(builder);
    put_newer(builder, incomplete ? MT_PROFILE_INCOMPLETE : 0, never != 0 ? 8900 : 0.0 / never);
    put_older(builder);
    if (sampled)
        builder_events(builder, 1, &sample, 1);
    builder_end(builder, 10000);
    return 1;
}
