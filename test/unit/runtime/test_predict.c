/* Events through the real encoder, read back by the analyzer's reader: streams that look like those
 * of programs and streams that look like nothing, in whole buffers and in parts. */
#define _GNU_SOURCE
#include "block.h"
#include "predict.h"
#include "trace/crew.h"
#include "trace/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { THREADS_MAX = 80, LIVE_MAX = 4096, ROOM = 64 << 20, SHIFT_MAX = 11 };

struct record {
    unsigned op;
    uint32_t context;
    uint64_t address, size, ticks;
};

/* What a thread has recorded, and the allocator it uses. */
struct thread {
    struct record *records;
    size_t count, capacity;
    size_t written; /* records that are in the trace */
    uint64_t ticks;
    struct {
        uint64_t address, size;
    } live[LIVE_MAX];
    unsigned live_count;
    uint64_t free[8][LIVE_MAX];
    unsigned free_count[8];
    uint64_t top, pool_top;
};

static struct thread threads[THREADS_MAX];
static struct mt_bytes file;
static unsigned guesses[2][MT_TAG_GUESS + 1]; /* of allocations, of deallocations */
static uint64_t random_state;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static bool one_in(unsigned count) {
    return next_random() % count == 0;
}

static void add(struct thread *thread, unsigned op, uint32_t context, uint64_t address,
                uint64_t size) {
    struct record *record;

    if (thread->count == thread->capacity) {
        thread->capacity = thread->capacity ? thread->capacity * 2 : 1024;
        thread->records = realloc(thread->records, thread->capacity * sizeof(*thread->records));
    }
    thread->ticks += one_in(5000) ? UINT64_C(1) << 30 : next_random() % 2000;
    record = &thread->records[thread->count++];
    *record = (struct record){op, context, address, op & MT_OP_FREE ? 0 : size, thread->ticks};
}

/* An allocator with lists of free blocks, last in first out, and a top. */
static void allocate(struct thread *thread, unsigned op, uint32_t context, uint64_t size) {
    unsigned list = (unsigned)(size / 32 % 8);
    uint64_t address;

    if (thread->live_count == LIVE_MAX)
        return;
    if (thread->free_count[list] && !one_in(16)) {
        /* Now and then from the middle. */
        unsigned depth = one_in(8) ? (unsigned)(next_random() % thread->free_count[list]) : 0;
        unsigned at = thread->free_count[list] - 1 - depth;

        address = thread->free[list][at];
        memmove(&thread->free[list][at], &thread->free[list][at + 1],
                depth * sizeof(thread->free[list][0]));
        thread->free_count[list]--;
    } else {
        address = thread->top;
        thread->top += size <= 24 ? 32 : (size + 23) / 16 * 16;
    }
    add(thread, op, context, address, size);
    thread->live[thread->live_count].address = address;
    thread->live[thread->live_count++].size = size;
}

static void end_at(struct thread *thread, unsigned op, uint32_t context, unsigned at) {
    uint64_t address = thread->live[at].address;
    unsigned list = (unsigned)(thread->live[at].size / 32 % 8);

    add(thread, op, context, address, 0);
    thread->live_count--;
    memmove(&thread->live[at], &thread->live[at + 1],
            (thread->live_count - at) * sizeof(thread->live[0]));
    if (thread->free_count[list] < LIVE_MAX)
        thread->free[list][thread->free_count[list]++] = address;
}

static void use_pools(struct thread *thread) {
    uint64_t pool = 0x7f0000001000 + next_random() % 3 * 0x40;

    add(thread, MT_OP_IN_POOL, 40, pool, 0);
    switch (next_random() % 3) {
    case 0:
        add(thread, MT_OP_POOL_ALLOC, 40, thread->pool_top, 24);
        thread->pool_top += 24;
        break;
    case 1:
        add(thread, MT_OP_POOL_FREE, 41, thread->pool_top - 24 * (1 + next_random() % 3), 0);
        break;
    default:
        add(thread, MT_OP_POOL_FREE, 42, pool, 0);
    }
}

/* One thing a program may do, which in a few steps takes all guesses there are. */
static void live_on(struct thread *thread) {
    unsigned count = thread->live_count;
    uint32_t context = (uint32_t)(1 + next_random() % 30);
    uint64_t size = 8 + context * 16;

    switch (next_random() % 12) {
    case 0: /* a sweep, from the newest on or from the oldest */
        for (unsigned i = 0; count && i < 40 && thread->live_count; i++)
            end_at(thread, MT_OP_FREE, 31, i % 2 ? 0 : thread->live_count - 1);
        break;
    case 1:
        for (unsigned i = 0, at = count / 2; i < 20 && at < thread->live_count; i++)
            end_at(thread, MT_OP_FREE, 32, at);
        break;
    case 2:
        for (unsigned i = 0, at = count / 2; i < 20 && at < thread->live_count && at > 2; i++)
            end_at(thread, MT_OP_FREE, 33, at -= i % 3);
        break;
    case 3: /* realloc that moves nothing */
        if (count) {
            uint64_t address = thread->live[count - 1].address;

            add(thread, MT_OP_REALLOC_FREE, context, address, 0);
            add(thread, MT_OP_REALLOC_ALLOC, context, address, size * 2);
            thread->live[count - 1].size = size * 2;
        }
        break;
    case 4: /* one that does */
        if (count > 3) {
            end_at(thread, MT_OP_REALLOC_FREE, context, count - 3);
            allocate(thread, MT_OP_REALLOC_ALLOC, context, size);
        }
        break;
    case 5:
        use_pools(thread);
        break;
    case 6: /* what another thread made */
        add(thread, MT_OP_FREE, 34, next_random() % (UINT64_C(1) << 44) * 16, 0);
        break;
    default:
        for (unsigned i = 0; i < 20; i++) {
            allocate(thread, MT_OP_ALLOC, context, size);
            if (one_in(2) && thread->live_count)
                end_at(thread, MT_OP_FREE, 35,
                       thread->live_count - 1 -
                           (unsigned)(next_random() % (thread->live_count < 4 ? 1 : 4)));
        }
    }
}

/* No sense, and every limit. */
static void babble(struct thread *thread) {
    static const uint64_t addresses[] = {
        1,     15, 16, 0xffffffffffff, 0x1000000000000, UINT64_MAX, UINT64_C(0x8000000000001230),
        0x5000};
    static const uint64_t sizes[] = {
        0, 1, (1 << 25) - 1, 1 << 25, UINT32_MAX, (INT64_C(1) << 48) - 1, (uint64_t)UINT32_MAX + 1,
        24};
    static const uint32_t contexts[] = {0, 1, (1 << 24) - 1, (1 << 29) - 1, 7};

    add(thread, (unsigned)(next_random() % (MT_OP_IN_POOL + 1)), contexts[next_random() % 5],
        one_in(3) ? addresses[next_random() % 8] : next_random() | 1, sizes[next_random() % 8]);
}

/* The trace */

static void begin_file(void) {
    struct mt_file_header header = {
        .magic = MT_FILE_MAGIC,
        .version = MT_TRACE_VERSION,
        .header_size = sizeof header,
        .trace_id = 1,
    };

    header.checksum = mt_block_checksum(&header, offsetof(struct mt_file_header, checksum));
    file.size = 0;
    mt_bytes_add(&file, &header, sizeof header);
    assert_true(mt_block_start(1));
    memset(guesses, 0, sizeof guesses);
    for (int i = 0; i < THREADS_MAX; i++) {
        free(threads[i].records);
        memset(&threads[i], 0, sizeof threads[i]);
        threads[i].top = 0x555500000000 + (uint64_t)i * 0x100000000;
        threads[i].pool_top = threads[i].top;
        threads[i].ticks = 1000000;
    }
}

/* As many records as fit, at most `count`. */
static void fill(struct mt_buffer *buffer, unsigned number, size_t count) {
    struct thread *thread = &threads[number];
    size_t at = thread->written, stop = count < thread->count - at ? at + count : thread->count;
    uint64_t *words = buffer->words, last = at ? thread->records[at - 1].ticks : thread->ticks;

    memset(buffer, 0, MT_BUFFER_HEAD);
    last = thread->records[at].ticks - (at ? thread->records[at].ticks - last : 0);
    buffer->first_ticks = last;
    buffer->first_event = at;
    buffer->thread_id = number + 1;
    for (; at < stop && words + MT_RECORD_EXTENDED_WORDS <= buffer->words + MT_BUFFER_WORDS; at++) {
        const struct record *r = &thread->records[at];
        const struct mt_event event = {(enum mt_event_op)r->op, (void *)(uintptr_t)r->address,
                                       r->size, 0, r->ticks};

        if (mt_record_fits(&event, last) && r->context >> MT_RECORD_CONTEXT_BITS == 0) {
            mt_record_store(words, &event, (struct mt_context_id){r->context}, last);
            words += MT_RECORD_WORDS;
        } else {
            const uint64_t extended[MT_RECORD_EXTENDED_WORDS] = {(uint64_t)MT_RECORD_OP_EXTENDED
                                                                     << MT_RECORD_ADDRESS_BITS,
                                                                 r->ticks,
                                                                 r->address,
                                                                 r->size,
                                                                 r->op,
                                                                 r->context};

            memcpy(words, extended, sizeof extended);
            words += MT_RECORD_EXTENDED_WORDS;
        }
        last = r->ticks;
    }
    buffer->used = (uint32_t)(words - buffer->words);
    thread->written = at;
}

static size_t write_block(struct mt_buffer *buffer, const uint64_t *end) {
    size_t before = file.size;

    assert_true(file.size + MT_BLOCK_EVENTS_MAX <= ROOM);
    mt_block_put_events(mt_block_encoder(0), &file, &buffer, 1, end);
    return before;
}

static struct mt_buffer run_memory[MT_BLOCK_BUFFERS];

/* The next records of the thread in several buffers as one block. */
static void write_run(unsigned number, unsigned count) {
    struct mt_buffer *buffers[MT_BLOCK_BUFFERS];
    struct mt_buffer *last;

    for (unsigned i = 0; i < count; i++) {
        buffers[i] = &run_memory[i];
        fill(buffers[i], number, SIZE_MAX);
    }
    last = buffers[count - 1];
    assert_true(file.size + MT_BLOCK_EVENTS_MAX <= ROOM);
    mt_block_put_events(mt_block_encoder(0), &file, buffers, count, last->words + last->used);
}

/* The next records of the thread as a block, or as two if a snapshot comes between; returns where
 * in the file. */
static size_t write_thread(unsigned number, size_t count, bool snapshot) {
    static struct mt_buffer buffer;
    size_t at;

    fill(&buffer, number, count);
    if (!snapshot)
        return write_block(&buffer, buffer.words + buffer.used);
    /* Between two records; where the first part ends is the thread's accident. */
    at = write_block(&buffer, buffer.words + MT_RECORD_EXTENDED_WORDS);
    buffer.written = MT_RECORD_EXTENDED_WORDS;
    write_block(&buffer, buffer.words + buffer.used);
    return at;
}

static void open_file(struct reader *reader) {
    struct error error;

    if (!reader_open_bytes(reader, file.data, file.size, &error))
        fail_msg("%s", error.text);
    assert_int_equal(reader->damage.count, 0);
}

static void count_guesses(const struct payload *payload, const struct mt_block_header *header,
                          const struct event *events, size_t first, size_t count) {
    struct cursor head = {payload->bytes, payload->bytes + payload->size};
    uint64_t number;
    uint8_t bytes[3];

    cursor_varint(&head, &number);
    cursor_fixed(&head, bytes, 3);
    for (int i = 1; i < MT_PREDICTED_COUNT; i++)
        cursor_varint(&head, &number);
    assert_true(header->flags & MT_BLOCK_PREDICTED);
    assert_in_range(bytes[0], 1, SHIFT_MAX);
    for (size_t i = 0; i < count; i++)
        guesses[events[i].op & MT_OP_FREE][head.at[first + i] & MT_TAG_GUESS]++;
}

/* Reads all blocks of all threads and compares every event. */
static void expect_all(void) {
    static struct event events[MT_DECODE_CHUNK];
    struct payload payload = {0};
    struct reader reader;
    struct error error;

    open_file(&reader);
    for (size_t s = 0; s < reader.stream_count; s++) {
        const struct thread *thread = &threads[reader.streams[s].thread - 1];
        struct predictor *predictor = NULL;
        size_t number = 0;

        for (uint32_t b = reader.streams[s].first_block; b != MT_NO_BLOCK;
             b = reader.blocks[b].next) {
            struct mt_block_header header = reader_block_header(&reader, reader.blocks[b].offset);
            struct decoder decoder;
            size_t first = 0, count;
            bool fault = false;

            assert_true(reader_payload(&reader, reader.blocks[b].offset, &payload, &error));
            if (!decode_begin(&decoder, payload.bytes, payload.size, &header, 7, 0, &predictor,
                              &error))
                fail_msg("%s", error.text);
            while ((count = decode_chunk(&decoder, events, &fault, &error))) {
                count_guesses(&payload, &header, events, first, count);
                first += count;
                for (size_t i = 0; i < count; i++, number++) {
                    const struct record *r = &thread->records[number];

                    assert_int_equal(events[i].op, r->op);
                    assert_int_equal(events[i].context, r->context);
                    assert_int_equal(events[i].address, r->address);
                    assert_int_equal(events[i].size, r->size);
                    assert_int_equal(events[i].stream, 7);
                    assert_in_range(r->ticks - events[i].ticks, 0, (1 << SHIFT_MAX) - 1);
                }
            }
            if (fault)
                fail_msg("%s", error.text);
        }
        assert_int_equal(number, thread->written);
        predict_free(predictor);
    }
    payload_free(&payload);
    reader_close(&reader);
}

/* Tests */

static void every_guess_is_read_back(void **state) {
    (void)state;
    random_state = 1;
    begin_file();
    while (threads[0].count < 400000)
        live_on(&threads[0]);
    while (threads[0].written < threads[0].count)
        write_thread(0, SIZE_MAX, false);
    expect_all();
    for (int guess = MT_GUESS_NEWEST; guess <= MT_GUESS_NONE; guess++) {
        assert_true(guesses[0][guess] > 0);
        assert_true(guesses[1][guess] > 0);
    }
}

/* That of docs/trace-format.md, column by column. */
static void the_documented_example_is_written(void **state) {
    static const uint64_t ticks[] = {5120, 5400, 6200, 6300, 7000, 7200};
    static const struct {
        size_t size;
        const char *bytes;
    } expected[MT_PREDICTED_COUNT] = {
        {6, "\x57\x42\x50\x42\x00\x02"},
        {4, "\x08\x11\x08\x11"},
        {2, "\x18\x18"},
        {0, ""},
        {0, ""},
        {7, "\xa8\x89\x80\x80\x87\xac\x05"},
        {0, ""},
        {6, "\x00\x01\x03\x00\x03\x01"},
    };
    struct mt_bytes columns[MT_PREDICTED_COUNT];
    uint8_t memory[MT_PREDICTED_COUNT][64];
    uint64_t words[6 * MT_RECORD_WORDS], last = ticks[0], unit = ticks[0] >> 8;
    struct mt_predictor *predictor;
    uint32_t sequence;

    (void)state;
    begin_file();
    for (unsigned i = 0; i < 6; i++) {
        const struct mt_event event = {i % 2 ? MT_OP_FREE : MT_OP_ALLOC, (void *)0x5581c00012a0,
                                       i % 2 ? 0 : 24, 0, ticks[i]};

        mt_record_store(words + MT_RECORD_WORDS * i, &event, (struct mt_context_id){1 + i % 2},
                        last);
        last = ticks[i];
    }
    for (int c = 0; c < MT_PREDICTED_COUNT; c++)
        columns[c] = (struct mt_bytes){.data = memory[c]};
    last = ticks[0];
    predictor = mt_predict_begin(1, 0, &sequence);
    assert_int_equal(
        mt_predict_events(predictor, words, words + 6 * MT_RECORD_WORDS, 8, &last, &unit, columns),
        6);
    assert_int_equal(last, 7200);
    assert_int_equal(unit, 7200 >> 8);
    for (int c = 0; c < MT_PREDICTED_COUNT; c++) {
        assert_int_equal(columns[c].size, expected[c].size);
        assert_memory_equal(columns[c].data, expected[c].bytes, expected[c].size);
    }
}

/* One that hits nothing would pass the other tests, too. */
static void a_steady_program_is_guessed(void **state) {
    (void)state;
    begin_file();
    for (int i = 0; i < 50000; i++) {
        add(&threads[0], MT_OP_ALLOC, 1, 0x5000, 100);
        add(&threads[0], MT_OP_FREE, 2, 0x5000, 0);
    }
    while (threads[0].written < threads[0].count)
        write_thread(0, SIZE_MAX, false);
    expect_all();
    assert_true(guesses[0][MT_GUESS_NEWEST] > 49990);
    assert_true(guesses[1][MT_GUESS_NEWEST] + guesses[1][MT_GUESS_OLDER] +
                    guesses[1][MT_GUESS_NEWER] >
                49990);
}

/* More slots are wanted than there are, and groups of blocks end. */
static void a_large_heap_outgrows_the_slots(void **state) {
    struct thread *thread = &threads[0];

    (void)state;
    random_state = 2;
    begin_file();
    for (uint64_t i = 0; i < 400000; i++)
        add(thread, MT_OP_ALLOC, 1 + i % 3, 0x10000000 + i * 48, 40);
    for (uint64_t i = 0; i < 200000; i++) {
        add(thread, MT_OP_FREE, 9, 0x10000000 + next_random() % 400000 * 48, 0);
        if (one_in(3))
            add(thread, MT_OP_ALLOC, 5, 0x10000000 + next_random() % 400000 * 48, 40);
    }
    while (thread->written < thread->count)
        write_thread(0, SIZE_MAX, false);
    expect_all();
}

/* The first predictors are those of the first threads; the others hold less. */
static void a_small_predictor_is_outgrown(void **state) {
    enum { SMALL = 20 };

    (void)state;
    random_state = 5;
    begin_file();
    for (unsigned i = 0; i <= SMALL; i++) {
        while (threads[i].count < (i == SMALL ? 300000 : 10))
            live_on(&threads[i]);
        while (threads[i].written < threads[i].count)
            write_thread(i, 2000, false);
    }
    expect_all();
}

static void nonsense_is_read_back(void **state) {
    (void)state;
    random_state = 3;
    begin_file();
    for (int i = 0; i < 200000; i++) {
        babble(&threads[0]);
        if (one_in(50))
            live_on(&threads[0]);
    }
    while (threads[0].written < threads[0].count)
        write_thread(0, 1 + next_random() % 2000, false);
    expect_all();
}

/* More threads than there are predictors, some busy and some not, with parts of buffers. */
static void threads_share_the_predictors(void **state) {
    (void)state;
    random_state = 4;
    begin_file();
    for (int i = 0; i < THREADS_MAX; i++) {
        while (threads[i].count < 3000)
            live_on(&threads[i]);
    }
    for (int round = 0; round < 4000; round++) {
        unsigned number = (unsigned)(next_random() % (one_in(2) ? 5 : THREADS_MAX));

        if (threads[number].written + 100 < threads[number].count)
            write_thread(number, 10 + next_random() % 90, false);
    }
    expect_all();
}

static void a_snapshot_ends_a_block_early(void **state) {
    (void)state;
    begin_file();
    for (int i = 0; i < 3000; i++) {
        /* The first takes as much room as three that fit. */
        add(&threads[0], MT_OP_ALLOC, 1 + i % 3, 0x5000 + 32 * (uint64_t)i,
            i % 100 ? 24 : (uint64_t)1 << 40);
    }
    while (threads[0].written < threads[0].count)
        write_thread(0, 100, true);
    expect_all();
}

static void buffers_that_follow_make_one_block(void **state) {
    struct reader reader;
    unsigned blocks = 0;

    (void)state;
    random_state = 6;
    begin_file();
    while (threads[0].count < 200000)
        live_on(&threads[0]);
    while (threads[0].count - threads[0].written > MT_BLOCK_BUFFERS * MT_BUFFER_EVENTS) {
        write_run(0, 1 + blocks % MT_BLOCK_BUFFERS);
        blocks++;
    }
    /* Nothing makes none. */
    run_memory[0].used = 0;
    write_block(&run_memory[0], run_memory[0].words);
    expect_all();
    open_file(&reader);
    assert_int_equal(reader.block_count, blocks);
    assert_true(threads[0].written / blocks > 2 * MT_BUFFER_EVENTS);
    reader_close(&reader);
}

/* The same events, of a program that makes few of them and of one that makes many. */
static void few_events_are_compressed_harder(void **state) {
    size_t sizes[2];

    (void)state;
    for (unsigned slow = 0; slow < 2; slow++) {
        struct thread *thread = &threads[0];

        random_state = 7;
        begin_file();
        while (thread->count < 50000)
            live_on(thread);
        for (size_t i = 0; i < thread->count; i++)
            thread->records[i].ticks = 1000000 + (i << (slow ? 18 : 11));
        while (thread->written < thread->count)
            write_thread(0, SIZE_MAX, false);
        expect_all();
        sizes[slow] = file.size;
    }
    assert_true(sizes[1] < sizes[0]);
}

static uint64_t merge_with(unsigned jobs, struct damage *damage, uint64_t *lost, uint64_t *hash) {
    const struct event *events;
    struct reader reader;
    struct merge merge;
    struct error error;
    uint64_t sum = 0;
    size_t count = 1;

    crew_set_jobs(jobs);
    crew_set_least(0);
    *hash = 0;
    assert_true(reader_open_bytes(&reader, file.data, file.size, &error));
    assert_true(merge_begin(&merge, &reader, &error));
    while (count) {
        assert_true(merge_next(&merge, &events, &count, &error));
        for (size_t i = 0; i < count; i++)
            *hash = (*hash ^ events[i].address ^ events[i].ticks << 7) * 0x9e3779b97f4a7c15u + 1;
        sum += count;
    }
    merge_end(&merge);
    *lost = reader.lost_events;
    *damage = reader.damage;
    reader_close(&reader);
    return sum;
}

/* What the merge gives of the file, and how much it says is lost: the same whoever decodes. */
static uint64_t merged_events(uint64_t *lost, uint64_t *places) {
    struct damage damage, others;
    uint64_t hash, hashes, losses;
    uint64_t sum = merge_with(1, &damage, lost, &hash);

    for (unsigned jobs = 2; jobs <= 6; jobs += 2) {
        assert_int_equal(merge_with(jobs, &others, &losses, &hashes), sum);
        assert_int_equal(hashes, hash);
        assert_int_equal(losses, *lost);
        assert_memory_equal(&others, &damage, sizeof(damage));
    }
    *places = damage.count;
    return sum;
}

/* A damaged block costs the ones that need it, up to the next key block, and all are counted. */
static void a_lost_block_costs_its_group(void **state) {
    enum { BLOCKS = 2 * MT_PREDICT_GROUP + 10, EVENTS = 20, LOST = 5 };
    size_t at[BLOCKS], block;
    uint64_t lost, places;

    (void)state;
    begin_file();
    for (int i = 0; i < BLOCKS * EVENTS; i++)
        add(&threads[0], i % 2, 1, 0x5000, 24);
    for (int i = 0; i < BLOCKS; i++)
        at[i] = write_thread(0, EVENTS, false);
    assert_int_equal(merged_events(&lost, &places), BLOCKS * EVENTS);
    assert_int_equal(lost, 0);
    /* The block is there and wrong. */
    file.data[at[LOST] + sizeof(struct mt_block_header)] ^= 1;
    assert_int_equal(merged_events(&lost, &places), (BLOCKS - MT_PREDICT_GROUP + LOST) * EVENTS);
    assert_int_equal(lost, (MT_PREDICT_GROUP - LOST) * EVENTS);
    assert_int_equal(places, MT_PREDICT_GROUP - LOST);
    /* It is not there. */
    block = at[LOST + 1] - at[LOST];
    memmove(file.data + at[LOST], file.data + at[LOST + 1], file.size - at[LOST + 1]);
    file.size -= block;
    assert_int_equal(merged_events(&lost, &places), (BLOCKS - MT_PREDICT_GROUP + LOST) * EVENTS);
    assert_int_equal(lost, (MT_PREDICT_GROUP - LOST) * EVENTS);
}

/* A thread's end gives its predictor to others, and what does not follow begins anew. */
static void an_ended_thread_is_forgotten(void **state) {
    static struct mt_buffer buffer;
    uint32_t sequence;

    (void)state;
    begin_file();
    for (int i = 0; i < 100; i++)
        add(&threads[0], MT_OP_ALLOC, 1, 0x5000, 24);
    fill(&buffer, 0, 50);
    write_block(&buffer, buffer.words + buffer.used);
    assert_non_null(mt_predict_begin(1, 50, &sequence));
    assert_int_equal(sequence, 1);
    fill(&buffer, 0, 50);
    buffer.last = 1;
    write_block(&buffer, buffer.words + buffer.used);
    assert_non_null(mt_predict_begin(1, 100, &sequence));
    assert_int_equal(sequence, 0);
    assert_non_null(mt_predict_begin(1, 101, &sequence));
    assert_int_equal(sequence, 0);
    assert_non_null(mt_predict_begin(1, 101, &sequence));
    assert_int_equal(sequence, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_guess_is_read_back),
        cmocka_unit_test(the_documented_example_is_written),
        cmocka_unit_test(a_steady_program_is_guessed),
        cmocka_unit_test(a_large_heap_outgrows_the_slots),
        cmocka_unit_test(a_small_predictor_is_outgrown),
        cmocka_unit_test(nonsense_is_read_back),
        cmocka_unit_test(threads_share_the_predictors),
        cmocka_unit_test(a_snapshot_ends_a_block_early),
        cmocka_unit_test(buffers_that_follow_make_one_block),
        cmocka_unit_test(few_events_are_compressed_harder),
        cmocka_unit_test(a_lost_block_costs_its_group),
        cmocka_unit_test(an_ended_thread_is_forgotten),
    };

    file.data = malloc(ROOM);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
