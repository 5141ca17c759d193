/* Cut and damaged traces: never more than is there, and what is missing is told. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 4, EVENTS = 6 };

/* Blocks of six events, taking turns between two threads; ends are the offsets after each. */
static void build(struct builder *builder, size_t *ends, bool with_end) {
    builder_begin(builder);
    builder_simple_context(builder, 1);
    for (int block = 0; block < BLOCKS; block++) {
        struct built_event events[EVENTS];

        for (int i = 0; i < EVENTS; i++)
            events[i] = (struct built_event){MT_OP_ALLOC, 1,
                                             0x10000 + 0x1000 * (uint64_t)block + 16 * (uint64_t)i,
                                             10, 2000 + 100 * (uint64_t)block + (uint64_t)i};
        builder_events(builder, 1 + block % 2, events, EVENTS);
        ends[block] = builder->file.size;
    }
    if (with_end)
        builder_end(builder, 9000);
}

static uint64_t sound_blocks_before(const size_t *ends, size_t size) {
    uint64_t count = 0;

    while (count < BLOCKS && ends[count] <= size)
        count++;
    return count;
}

static void a_cut_at_any_byte_costs_what_is_behind_it(void **state) {
    struct builder builder;
    size_t ends[BLOCKS];
    size_t first_events;
    size_t size;

    (void)state;
    build(&builder, ends, true);
    size = builder.file.size;
    first_events = ends[0] - (ends[2] - ends[1]);
    for (size_t cut = 64; cut < size; cut++) {
        uint64_t blocks = sound_blocks_before(ends, cut);
        size_t last = blocks ? ends[blocks - 1] : first_events;
        struct analyzed analyzed;
        /* Cut from a copy of its own, so that a sanitizer sees reads behind the end. */
        uint8_t *copy = malloc(cut);

        memcpy(copy, builder.file.data, cut);
        builder.file.size = cut;
        analyze(&analyzed, &(struct builder){.file = {.data = copy, .size = cut}});
        assert_int_equal(analyzed.facts.events, EVENTS * blocks);
        assert_int_equal(analyzed.facts.live, 10 * EVENTS * blocks);
        assert_false(analyzed.trace.defs.end.present);
        if (blocks < BLOCKS && cut >= last + sizeof(struct mt_block_header))
            assert_int_equal(analyzed.trace.reader.lost_events, EVENTS);
        else
            assert_int_equal(analyzed.trace.reader.lost_events, 0);
        if (cut > last && blocks < BLOCKS) {
            assert_true(analyzed.trace.reader.cut);
            assert_int_equal(analyzed.trace.reader.damage.bytes, cut - last);
        }
        analyzed_free(&analyzed);
        free(copy);
    }
    builder_free(&builder);
}

static void a_flipped_bit_costs_one_block(void **state) {
    struct builder builder;
    size_t ends[BLOCKS];

    (void)state;
    build(&builder, ends, true);
    for (size_t at = 64; at < builder.file.size; at++) {
        uint64_t first_end = ends[0];
        bool in_events = at < ends[BLOCKS - 1] && sound_blocks_before(ends, at) < BLOCKS;
        struct analyzed analyzed;

        builder.file.data[at] ^= (uint8_t)(1u << at % 8);
        analyze(&analyzed, &builder);
        assert_true(analyzed.facts.events >= EVENTS * (BLOCKS - 1));
        assert_int_equal(analyzed.trace.reader.damage.count, 1);
        if (analyzed.facts.events < EVENTS * BLOCKS) {
            assert_true(in_events);
            assert_int_equal(analyzed.trace.reader.lost_events, EVENTS);
        } else {
            assert_true(at < first_end || at >= ends[BLOCKS - 1]);
            assert_int_equal(analyzed.trace.reader.lost_events, 0);
        }
        analyzed_free(&analyzed);
        builder.file.data[at] ^= (uint8_t)(1u << at % 8);
    }
    builder_free(&builder);
}

/* Right checksums around arbitrary contents: the decoder alone stands in the way. */
static void sealed_nonsense_is_survived(void **state) {
    struct builder builder;
    size_t ends[BLOCKS];

    (void)state;
    build(&builder, ends, true);
    for (size_t at = ends[0]; at < ends[1]; at++) {
        for (int bit = 0; bit < 8; bit++) {
            struct analyzed analyzed;
            uint8_t saved[sizeof(struct mt_block_header)];

            if (at - ends[0] >= 16 && at - ends[0] < 24)
                continue; /* the lengths, which the checksum needs */
            memcpy(saved, builder.file.data + ends[0], sizeof(saved));
            builder.file.data[at] ^= (uint8_t)(1u << bit);
            builder_reseal_block(&builder, ends[0]);
            analyze(&analyzed, &builder);
            assert_true(analyzed.facts.events <= EVENTS * BLOCKS);
            assert_true(analyzed.facts.events + analyzed.trace.reader.lost_events >=
                        EVENTS * (BLOCKS - 1));
            analyzed_free(&analyzed);
            builder.file.data[at] ^= (uint8_t)(1u << bit);
            memcpy(builder.file.data + ends[0], saved, sizeof(saved));
        }
    }
    builder_free(&builder);
}

static void a_missing_block_is_noticed_by_numbering(void **state) {
    struct builder builder;
    size_t ends[BLOCKS];
    struct analyzed analyzed;
    struct bytes file = {0};

    (void)state;
    build(&builder, ends, false);
    /* Thread 1 has the blocks 0 and 2. */
    bytes_add(&file, builder.file.data, ends[0]);
    bytes_add(&file, builder.file.data + ends[1], builder.file.size - ends[1]);
    analyze(&analyzed, &(struct builder){.file = file});
    assert_int_equal(analyzed.trace.reader.damage.count, 0);
    assert_int_equal(analyzed.facts.events, 3 * EVENTS);
    assert_int_equal(analyzed.trace.reader.lost_events, EVENTS);
    analyzed_free(&analyzed);
    bytes_free(&file);
    builder_free(&builder);
}

static void a_missing_last_block_is_noticed_by_the_end(void **state) {
    struct builder builder;
    size_t ends[BLOCKS];
    struct analyzed analyzed;
    struct bytes file = {0};

    (void)state;
    build(&builder, ends, true);
    bytes_add(&file, builder.file.data, ends[2]);
    bytes_add(&file, builder.file.data + ends[3], builder.file.size - ends[3]);
    analyze(&analyzed, &(struct builder){.file = file});
    assert_int_equal(analyzed.trace.reader.lost_events, EVENTS);
    analyzed_free(&analyzed);
    bytes_free(&file);
    builder_free(&builder);
}

static void repeated_blocks_count_once(void **state) {
    struct builder builder;
    size_t ends[BLOCKS];
    struct analyzed analyzed;
    struct bytes file = {0};

    (void)state;
    build(&builder, ends, false);
    bytes_add(&file, builder.file.data, ends[3]);
    bytes_add(&file, builder.file.data + ends[2], ends[3] - ends[2]);
    analyze(&analyzed, &(struct builder){.file = file});
    assert_int_equal(analyzed.facts.events, BLOCKS * EVENTS);
    assert_int_equal(analyzed.trace.reader.damage.count, 1);
    assert_non_null(strstr(analyzed.trace.reader.damage.places[0].rule, "repeats"));
    analyzed_free(&analyzed);
    bytes_free(&file);
    builder_free(&builder);
}

static void a_file_of_magics_does_not_hang(void **state) {
    struct builder builder;
    struct analyzed analyzed;
    struct mt_block_header header = {
        .magic = MT_BLOCK_MAGIC, .kind = 99, .stored_size = 8 << 20, .raw_size = 8 << 20};

    (void)state;
    builder_begin(&builder);
    for (int i = 0; i < 400000; i++)
        bytes_add(&builder.file, &header, sizeof(header));
    analyze(&analyzed, &builder);
    assert_int_equal(analyzed.trace.reader.damage.bytes, builder.file.size - 64);
    analyzed_free(&analyzed);
    builder_free(&builder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_at_any_byte_costs_what_is_behind_it),
        cmocka_unit_test(a_flipped_bit_costs_one_block),
        cmocka_unit_test(sealed_nonsense_is_survived),
        cmocka_unit_test(a_missing_block_is_noticed_by_numbering),
        cmocka_unit_test(a_missing_last_block_is_noticed_by_the_end),
        cmocka_unit_test(repeated_blocks_count_once),
        cmocka_unit_test(a_file_of_magics_does_not_hang),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
