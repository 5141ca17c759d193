/* EVENTS payloads, well-formed and not. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

/* Decodes a payload to the end or to its fault; returns the number of events. */
static size_t decode_all(const struct bytes *payload, const struct mt_block_header *header,
                         struct event *out, bool *fault, struct error *error) {
    uint8_t *padded = calloc(1, payload->size + MT_PAYLOAD_PADDING);
    struct event chunk[MT_DECODE_CHUNK];
    struct predictor *predictor = NULL;
    struct decoder decoder;
    size_t total = 0;
    size_t count;

    memcpy(padded, payload->data, payload->size);
    *fault = !decode_begin(&decoder, padded, payload->size, header, 3, 0, &predictor, error);
    while (!*fault) {
        count = decode_chunk(&decoder, chunk, fault, error);
        if (count == 0)
            break;
        if (out)
            memcpy(out + total, chunk, count * sizeof(*chunk));
        total += count;
    }
    predict_free(predictor);
    free(padded);
    return total;
}

static uint64_t random_of_bits(unsigned bits) {
    uint64_t value = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();

    return bits == 64 ? value : value & ((UINT64_C(1) << bits) - 1);
}

static void random_events_survive(void **state) {
    enum { COUNT = 5000 };
    struct built_event *built = calloc(COUNT, sizeof(*built));
    struct event *decoded = calloc(COUNT, sizeof(*decoded));

    (void)state;
    srand(1);
    for (int round = 0; round < 50; round++) {
        struct bytes payload = {0};
        struct mt_block_header header;
        struct error error = {""};
        uint64_t ticks = random_of_bits(40);
        bool fault;

        for (int i = 0; i < COUNT; i++) {
            built[i] = (struct built_event){
                .op = (uint8_t)(rand() % 4),
                .context = (uint32_t)random_of_bits((unsigned)rand() % 33),
                .address = random_of_bits((unsigned)rand() % 65) | 1,
                .size = random_of_bits((unsigned)rand() % (round % 2 ? 65 : 49)),
                .ticks = ticks,
            };
            ticks += random_of_bits((unsigned)rand() % 45);
        }
        header = (struct mt_block_header){
            .flags = builder_weighted(built, COUNT) ? MT_BLOCK_WEIGHTED : 0,
            .count = COUNT,
            .first_ticks = built[0].ticks,
            .last_ticks = built[COUNT - 1].ticks};
        builder_events_payload(&payload, built, COUNT);
        assert_int_equal(decode_all(&payload, &header, decoded, &fault, &error), COUNT);
        assert_false(fault);
        for (int i = 0; i < COUNT; i++) {
            assert_int_equal(decoded[i].op, built[i].op);
            assert_int_equal(decoded[i].context, built[i].context);
            assert_int_equal(decoded[i].address, built[i].address);
            assert_int_equal(decoded[i].size, built[i].op & 1 ? 0 : built[i].size << 16 >> 16);
            assert_int_equal(decoded[i].probability, built[i].op & 1 ? 0 : built[i].size >> 48);
            assert_int_equal(decoded[i].ticks, built[i].ticks);
            assert_int_equal(decoded[i].stream, 3);
        }
        bytes_free(&payload);
    }
    free(built);
    free(decoded);
}

struct columns {
    const char *data[6];
    size_t sizes[6]; /* [5] 0: there is none, and no flag WEIGHTED */
};

/* One event from raw columns; expects the rule to be named, and no event. */
static void expect_fault(const struct columns *columns, uint32_t count, const char *rule) {
    struct bytes payload = {0};
    struct mt_block_header header = {.count = count, .first_ticks = 5, .last_ticks = 5};
    struct error error = {""};
    int used = columns->sizes[5] ? 6 : 5;
    bool fault;
    size_t decoded;

    if (used == 6)
        header.flags = MT_BLOCK_WEIGHTED;
    for (int i = 0; i < used; i++) {
        uint32_t size = (uint32_t)columns->sizes[i];

        bytes_add(&payload, &size, sizeof(size));
    }
    for (int i = 0; i < used; i++)
        bytes_add(&payload, columns->data[i], columns->sizes[i]);
    decoded = decode_all(&payload, &header, NULL, &fault, &error);
    if (!rule) {
        if (fault)
            fail_msg("%s", error.text);
        assert_int_equal(decoded, count);
    } else {
        assert_true(fault);
        if (!strstr(error.text, rule))
            fail_msg("'%s' does not say '%s'", error.text, rule);
    }
    bytes_free(&payload);
}

static void each_rule_is_checked(void **state) {
    static const char ten[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    static const char eleven[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    static const char overflow[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
    const struct columns good = {{"\x00", "\x01", "\x02", "\x03", "\x00", NULL},
                                 {1, 1, 1, 1, 1, 0}};
    struct columns bad;

    (void)state;
    expect_fault(&good, 1, NULL);
    expect_fault(&good, 2, "1 ops for 2 events");
    bad = good;
    bad.data[0] = "\x04";
    expect_fault(&bad, 1, NULL);
    bad.data[0] = "\x07";
    expect_fault(&bad, 1, "reserved");
    bad.data[0] = "\x08";
    expect_fault(&bad, 1, "reserved");
    for (int column = 1; column < 5; column++) {
        bad = good;
        bad.sizes[column] = 0;
        expect_fault(&bad, 1, "ends early");
        bad.data[column] = "\x80";
        bad.sizes[column] = 1;
        expect_fault(&bad, 1, "ends early");
        bad.data[column] = eleven;
        bad.sizes[column] = 11;
        expect_fault(&bad, 1, "above 64 bits");
        bad.data[column] = overflow;
        bad.sizes[column] = 10;
        expect_fault(&bad, 1, "above 64 bits");
        bad.data[column] = column == 4 ? "\x00\x00" : "\x02\x02";
        bad.sizes[column] = 2;
        expect_fault(&bad, 1, "goes on after the last event");
    }
    bad = good;
    bad.data[1] = "\x80\x80\x80\x80\x10";
    bad.sizes[1] = 5;
    expect_fault(&bad, 1, "context id above 32 bits");
    bad = good;
    bad.data[2] = "\x00";
    expect_fault(&bad, 1, "address 0");
    bad.data[2] = "\x01";
    expect_fault(&bad, 1, "address above 64 bits");
    bad = good;
    bad.data[3] = "\x80\x80\x80\x80\x80\x80\x40"; /* 2^48 */
    bad.sizes[3] = 7;
    expect_fault(&bad, 1, "impossible size");
    bad = good;
    bad.data[5] = "\xff\xff\x03";
    bad.sizes[5] = 3;
    expect_fault(&bad, 1, NULL);
    bad.data[5] = "\x80\x80\x04";
    expect_fault(&bad, 1, "probability above 16 bits");
    bad.data[5] = "\x01\x01";
    bad.sizes[5] = 2;
    expect_fault(&bad, 1, "column probabilities goes on after the last event");
    bad.data[0] = "\x01";
    bad.sizes[3] = 0;
    bad.sizes[5] = 1;
    expect_fault(&bad, 1, "column probabilities goes on after the last event");
    bad = good;
    bad.data[4] = ten;
    bad.sizes[4] = 10;
    expect_fault(&bad, 1, "time above 64 bits");
    bad.data[4] = "\x01";
    bad.sizes[4] = 1;
    expect_fault(&bad, 1, "last_ticks");
}

static void column_lengths_are_checked(void **state) {
    static const struct built_event event = {MT_OP_ALLOC, 1, 0x1000, 8, 5};
    struct mt_block_header header = {.count = 1, .first_ticks = 5, .last_ticks = 5};
    struct bytes payload = {0};
    struct error error;
    bool fault;

    (void)state;
    builder_events_payload(&payload, &event, 1);
    for (size_t i = 0; i < 20; i++) {
        payload.data[i] ^= 0x81;
        assert_int_equal(decode_all(&payload, &header, NULL, &fault, &error), 0);
        assert_true(fault);
        payload.data[i] ^= 0x81;
    }
    for (size_t size = 0; size < payload.size; size++) {
        struct bytes shorter = {.data = payload.data, .size = size};

        assert_int_equal(decode_all(&shorter, &header, NULL, &fault, &error), 0);
        assert_true(fault);
    }
    bytes_free(&payload);
}

static void events_before_the_fault_count(void **state) {
    enum { COUNT = 3000, BROKEN = 2500 };
    struct built_event *events = calloc(COUNT, sizeof(*events));
    struct event *decoded = calloc(COUNT, sizeof(*decoded));
    struct mt_block_header header = {.count = COUNT, .first_ticks = 5, .last_ticks = 5};
    struct bytes payload = {0};
    struct error error;
    bool fault;

    (void)state;
    for (int i = 0; i < COUNT; i++)
        events[i] =
            (struct built_event){MT_OP_ALLOC, 1, i == BROKEN ? 0 : 16 * (uint64_t)(i + 1), 8, 5};
    builder_events_payload(&payload, events, COUNT);
    assert_int_equal(decode_all(&payload, &header, decoded, &fault, &error), BROKEN);
    assert_true(fault);
    bytes_free(&payload);
    free(events);
    free(decoded);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_events_survive),
        cmocka_unit_test(each_rule_is_checked),
        cmocka_unit_test(column_lengths_are_checked),
        cmocka_unit_test(events_before_the_fault_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
