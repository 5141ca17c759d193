/* Predicted blocks that are packed give the events, and the faults, that they give as they are. */
#include "test.h"

#include "trace/pack.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 5000 };

struct decoded {
    struct event events[COUNT];
    size_t count;
    bool fault;
    uint32_t lost;
    struct error error;
};

static void decode(struct decoded *decoded, const struct bytes *payload,
                   const struct mt_block_header *header, uint64_t floor, bool packed) {
    struct payload copy = {.size = payload->size, .padding = MT_PAYLOAD_PADDING};
    struct predictor *predictor = NULL;
    struct pack_end end = {0};
    struct decoder decoder;
    size_t count = 1;

    *decoded = (struct decoded){0};
    copy.bytes = calloc(1, payload->size + MT_PAYLOAD_PADDING);
    memcpy(copy.bytes, payload->data, payload->size);
    decoded->fault = !decode_begin(&decoder, copy.bytes, copy.size, header, 7, floor, &predictor,
                                   &decoded->error);
    decoded->lost = header->count;
    if (!decoded->fault && packed) {
        assert_true(pack_block(&decoder, &copy, &end));
        predict_free(predictor);
        predictor = NULL;
    }
    while (count && !decoded->fault) {
        decoder.chunk = 1 + (uint32_t)rand() % MT_DECODE_CHUNK;
        count = decode_chunk(&decoder, decoded->events + decoded->count, &decoded->fault,
                             &decoded->error);
        assert_false(packed && decoded->fault);
        decoded->count += count;
        decoded->lost -= (uint32_t)count;
    }
    if (end.fault) {
        decoded->fault = true;
        decoded->error = end.error;
        assert_int_equal(end.lost, decoded->lost);
    }
    predict_free(predictor);
    payload_free(&copy);
}

static void random_events(struct built_event *events, size_t count) {
    uint64_t ticks = (uint64_t)rand() << 20;

    for (size_t i = 0; i < count; i++) {
        events[i] = (struct built_event){
            .op = (uint8_t)(rand() % 7),
            .context = (uint32_t)rand() % 5000,
            .address = 1 + ((uint64_t)rand() << (rand() % 30)),
            .ticks = ticks,
        };
        if ((events[i].op & MT_OP_FREE) == 0 && events[i].op != MT_OP_IN_POOL)
            events[i].size = (uint64_t)rand() << (rand() % 17);
        ticks += (uint64_t)(rand() % 1000) << 6;
    }
}

static void packed_blocks_are_the_same(void **state) {
    struct built_event *events = calloc(COUNT, sizeof(*events));
    struct decoded *plain = calloc(1, sizeof(*plain)), *packed = calloc(1, sizeof(*packed));
    unsigned faults = 0;

    (void)state;
    srand(8);
    for (int round = 0; round < 400; round++) {
        size_t count = 1 + (size_t)rand() % COUNT;
        struct mt_block_header header = {.flags = MT_BLOCK_PREDICTED | MT_BLOCK_KEY};
        struct bytes payload = {0};
        uint64_t floor;

        random_events(events, count);
        header.count = (uint32_t)count;
        header.first_ticks = events[0].ticks;
        header.last_ticks = events[count - 1].ticks;
        builder_predicted_payload(&payload, events, count, 6);
        for (int i = 0; i < round % 4; i++)
            payload.data[(size_t)rand() % payload.size] ^= 0x80;
        /* Time that went back is held. */
        floor = round % 3 ? 0 : (header.first_ticks + header.last_ticks) / 2;
        decode(plain, &payload, &header, floor, false);
        decode(packed, &payload, &header, floor, true);
        assert_int_equal(packed->count, plain->count);
        assert_memory_equal(packed->events, plain->events, plain->count * sizeof(*plain->events));
        assert_int_equal(packed->fault, plain->fault);
        assert_int_equal(packed->lost, plain->lost);
        if (plain->fault)
            assert_string_equal(packed->error.text, plain->error.text);
        faults += plain->fault;
        bytes_free(&payload);
    }
    assert_true(faults > 100);
    free(plain);
    free(packed);
    free(events);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(packed_blocks_are_the_same)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
