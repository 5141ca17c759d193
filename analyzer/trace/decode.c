#include "trace/decode.h"

#include <inttypes.h>

static const char *const column_names[MT_COLUMNS_WEIGHTED] = {"ops",   "contexts", "addresses",
                                                              "sizes", "ticks",    "probabilities"};

/* No address space is larger. */
static const uint64_t max_size = (UINT64_C(1) << 48) - 1;

static int column_count(const struct decoder *decoder) {
    return decoder->weighted ? MT_COLUMNS_WEIGHTED : MT_COLUMN_COUNT;
}

static bool begin_predicted(struct decoder *decoder, size_t size,
                            const struct mt_block_header *header, struct predictor **predictor,
                            struct error *error) {
    struct cursor head = {decoder->payload, decoder->payload + size};
    uint64_t lengths[MT_PREDICTED_COUNT] = {[MT_PREDICTED_TAGS] = header->count};
    uint64_t grain;

    if (!predict_begin(predictor, &head, header, &decoder->shift, error))
        return false;
    for (int i = MT_PREDICTED_TAGS + 1; i < MT_PREDICTED_COUNT; i++) {
        if (!cursor_varint(&head, &lengths[i]))
            return error_set(error, "payload byte 0: the head does not fit");
    }
    for (int i = 0; i < MT_PREDICTED_COUNT; i++) {
        if (lengths[i] > cursor_left(&head))
            return error_set(error, "payload byte 0: column %s does not fit",
                             predict_column_names[i]);
        decoder->columns[i] = (struct cursor){head.at, head.at + lengths[i]};
        head.at += lengths[i];
    }
    if (cursor_left(&head))
        return error_set(error, "payload byte %zu: %zu bytes after the columns",
                         size - cursor_left(&head), cursor_left(&head));
    grain = (UINT64_C(1) << decoder->shift) - 1;
    if ((header->first_ticks | header->last_ticks) & grain)
        return error_set(error, "first_ticks and last_ticks are not in units of time");
    decoder->predictor = *predictor;
    return true;
}

bool decode_begin(struct decoder *decoder, const uint8_t *payload, size_t size,
                  const struct mt_block_header *header, uint32_t stream, uint64_t floor,
                  struct predictor **predictor, struct error *error) {
    struct cursor head = {payload, payload + size};
    uint64_t place;
    const uint8_t *ops;
    bool bad = false;

    *decoder = (struct decoder){
        .payload = payload,
        .ticks = header->first_ticks,
        .last_ticks = header->last_ticks,
        .floor = floor,
        .count = header->count,
        .stream = stream,
        .chunk = MT_DECODE_CHUNK,
        .weighted = header->flags & MT_BLOCK_WEIGHTED,
    };
    if (header->flags & MT_BLOCK_PREDICTED)
        return begin_predicted(decoder, size, header, predictor, error);
    place = sizeof(uint32_t) * (size_t)column_count(decoder);
    for (int i = 0; i < column_count(decoder); i++) {
        uint32_t length;

        if (!cursor_fixed(&head, &length, sizeof(length)) || length > size - place)
            return error_set(error, "payload byte %d: column %s does not fit", 4 * i,
                             column_names[i]);
        decoder->columns[i] = (struct cursor){payload + place, payload + place + length};
        place += length;
    }
    if (place != size)
        return error_set(error, "payload byte %" PRIu64 ": %" PRIu64 " bytes after the columns",
                         place, size - place);
    if (cursor_left(&decoder->columns[MT_COLUMN_OPS]) != header->count)
        return error_set(error, "payload byte 0: %zu ops for %u events",
                         cursor_left(&decoder->columns[MT_COLUMN_OPS]), header->count);
    ops = decoder->columns[MT_COLUMN_OPS].at;
    for (uint32_t i = 0; i < header->count; i++)
        bad |= ops[i] & 0x08 || (ops[i] & MT_OP_MASK) > MT_OP_IN_POOL;
    if (bad)
        return error_set(error, "payload byte %zu: an operation is reserved",
                         (size_t)(ops - payload));
    return true;
}

/* The varint at *at, which may run up to 10 bytes on. Sets *bad if it is malformed. Without a
 * branch on the length for up to 8 bytes: lengths in an address column are unpredictable. */
static inline uint64_t read_varint(const uint8_t **at, bool *bad) {
    uint64_t word;
    uint64_t stop;

    memcpy(&word, *at, sizeof(word));
    if ((word & 0x80) == 0) {
        *at += 1;
        return word & 0x7f;
    }
    stop = ~word & 0x8080808080808080u;
    if (stop == 0) {
        struct cursor cursor = {*at, *at + 10};
        uint64_t value = 0;

        *bad |= !cursor_varint(&cursor, &value);
        *at = cursor.at + (cursor.at == *at);
        return value;
    }
    *at += (__builtin_ctzll(stop) >> 3) + 1;
    word &= stop ^ (stop - 1);
    word = (word & 0x007f007f007f007fu) | ((word & 0x7f007f007f007f00u) >> 1);
    word = (word & 0x00003fff00003fffu) | ((word & 0x3fff00003fff0000u) >> 2);
    return (word & 0x000000000fffffffu) | ((word & 0x0fffffff00000000u) >> 4);
}

static inline uint64_t unzigzag(uint64_t value) {
    return (value >> 1) ^ (0 - (value & 1));
}

/* Decodes without looking at the columns' ends, which may overrun them into the padding; false if
 * anything was wrong, then the decoder and the output are worthless. */
static inline __attribute__((always_inline)) bool
decode_fast(struct decoder *decoder, struct event *out, size_t count, bool weighted) {
    const uint8_t *probabilities = decoder->columns[MT_COLUMN_PROBABILITIES].at;
    const uint8_t *ops = decoder->columns[MT_COLUMN_OPS].at;
    const uint8_t *contexts = decoder->columns[MT_COLUMN_CONTEXTS].at;
    const uint8_t *addresses = decoder->columns[MT_COLUMN_ADDRESSES].at;
    const uint8_t *sizes = decoder->columns[MT_COLUMN_SIZES].at;
    const uint8_t *times = decoder->columns[MT_COLUMN_TICKS].at;
    uint64_t address = decoder->address;
    uint64_t ticks = decoder->ticks;
    uint64_t floor = decoder->floor;
    uint64_t last_ticks = decoder->last_ticks;
    bool bad = false;

    for (size_t i = 0; i < count; i++) {
        unsigned op = ops[i];
        uint64_t context = read_varint(&contexts, &bad);
        uint64_t size = 0;
        uint64_t step = 0;
        uint64_t probability = 0;

        address += unzigzag(read_varint(&addresses, &bad));
        if ((op & MT_OP_FREE) == 0)
            size = read_varint(&sizes, &bad);
        if (weighted && (op & MT_OP_FREE) == 0)
            probability = read_varint(&probabilities, &bad);
        step = read_varint(&times, &bad);
        ticks += step;
        bad |= ticks < step || ticks > last_ticks;
        out[i].address = address << 4 | op >> 4;
        out[i].ticks = ticks > floor ? ticks : floor;
        out[i].size = size & max_size;
        out[i].probability = probability & UINT16_MAX;
        out[i].context = (uint32_t)context;
        out[i].op = op & MT_OP_MASK;
        out[i].stream = decoder->stream;
        bad |= (context >> 32) != 0 || out[i].address == 0 || address >> 60 || size > max_size ||
               probability > UINT16_MAX;
    }
    decoder->columns[MT_COLUMN_OPS].at += count;
    decoder->columns[MT_COLUMN_CONTEXTS].at = contexts;
    decoder->columns[MT_COLUMN_ADDRESSES].at = addresses;
    decoder->columns[MT_COLUMN_SIZES].at = sizes;
    decoder->columns[MT_COLUMN_TICKS].at = times;
    decoder->columns[MT_COLUMN_PROBABILITIES].at = probabilities;
    decoder->address = address;
    decoder->ticks = ticks;
    for (int i = 0; i < column_count(decoder); i++)
        bad |= decoder->columns[i].at > decoder->columns[i].end;
    return !bad;
}

/* The next event with every rule checked. */
static bool decode_event(struct decoder *decoder, struct event *out, struct error *error) {
    uint8_t op = *decoder->columns[MT_COLUMN_OPS].at++;
    uint64_t values[MT_COLUMNS_WEIGHTED] = {0};

    for (int i = MT_COLUMN_CONTEXTS; i < column_count(decoder); i++) {
        if ((i == MT_COLUMN_SIZES || i == MT_COLUMN_PROBABILITIES) && (op & MT_OP_FREE))
            continue;
        if (!cursor_varint(&decoder->columns[i], &values[i]))
            return error_set(error,
                             "payload byte %zu: event %u: column %s ends early or has a "
                             "number above 64 bits",
                             (size_t)(decoder->columns[i].at - decoder->payload), decoder->done,
                             column_names[i]);
    }
    if (values[MT_COLUMN_CONTEXTS] > UINT32_MAX)
        return error_set(error, "event %u: context id above 32 bits", decoder->done);
    if (values[MT_COLUMN_SIZES] > max_size)
        return error_set(error, "event %u: impossible size", decoder->done);
    if (values[MT_COLUMN_PROBABILITIES] > UINT16_MAX)
        return error_set(error, "event %u: probability above 16 bits", decoder->done);
    if (values[MT_COLUMN_TICKS] > UINT64_MAX - decoder->ticks)
        return error_set(error, "event %u: time above 64 bits", decoder->done);
    decoder->address += unzigzag(values[MT_COLUMN_ADDRESSES]);
    decoder->ticks += values[MT_COLUMN_TICKS];
    if (decoder->ticks > decoder->last_ticks)
        return error_set(error, "event %u: later than last_ticks", decoder->done);
    if (decoder->address >> 60)
        return error_set(error, "event %u: address above 64 bits", decoder->done);
    *out = (struct event){
        .address = decoder->address << 4 | op >> 4,
        .ticks = decoder->ticks > decoder->floor ? decoder->ticks : decoder->floor,
        .size = values[MT_COLUMN_SIZES] & max_size,
        .probability = values[MT_COLUMN_PROBABILITIES] & UINT16_MAX,
        .context = (uint32_t)values[MT_COLUMN_CONTEXTS],
        .op = op & MT_OP_MASK,
        .stream = decoder->stream,
    };
    if (out->address == 0)
        return error_set(error, "event %u: address 0", decoder->done);
    return true;
}

static bool check_end(const struct decoder *decoder, struct error *error) {
    const char *const *names = decoder->predictor ? predict_column_names : column_names;

    for (int i = 0; i < (decoder->predictor ? MT_PREDICTED_COUNT : column_count(decoder)); i++) {
        if (cursor_left(&decoder->columns[i]) != 0)
            return error_set(error, "payload byte %zu: column %s goes on after the last event",
                             (size_t)(decoder->columns[i].at - decoder->payload), names[i]);
    }
    if (decoder->ticks != decoder->last_ticks)
        return error_set(error, "the last event is earlier than last_ticks");
    return true;
}

/* The next events of predicted columns; their times from units. */
static size_t decode_predicted(struct decoder *decoder, struct event *out, size_t count,
                               bool *fault, struct error *error) {
    size_t sound =
        predict_events(decoder->predictor, decoder->columns, out, count, decoder->done, error);

    for (size_t i = 0; i < sound; i++) {
        uint64_t left = (decoder->last_ticks - decoder->ticks) >> decoder->shift;

        if (out[i].ticks > left) {
            error_set(error, "event %u: later than last_ticks", decoder->done + (uint32_t)i);
            sound = i;
            break;
        }
        decoder->ticks += out[i].ticks << decoder->shift;
        out[i].ticks = decoder->ticks > decoder->floor ? decoder->ticks : decoder->floor;
        out[i].stream = decoder->stream;
    }
    *fault = sound < count;
    return sound;
}

size_t decode_chunk(struct decoder *decoder, struct event *out, bool *fault, struct error *error) {
    uint32_t left = decoder->count - decoder->done;
    size_t count = left < decoder->chunk ? left : decoder->chunk;
    struct decoder before = *decoder;

    *fault = false;
    if (count == 0)
        return 0;
    if (decoder->predictor) {
        size_t sound = decode_predicted(decoder, out, count, fault, error);

        decoder->done += (uint32_t)sound;
        if (*fault) {
            decoder->count = decoder->done;
            return sound;
        }
    } else if (decoder->weighted ? decode_fast(decoder, out, count, true)
                                 : decode_fast(decoder, out, count, false)) {
        decoder->done += (uint32_t)count;
    } else {
        *decoder = before;
        for (size_t i = 0; i < count; i++, decoder->done++) {
            if (!decode_event(decoder, &out[i], error)) {
                *fault = true;
                decoder->count = decoder->done;
                return i;
            }
        }
    }
    if (decoder->done == decoder->count) {
        *fault = !check_end(decoder, error);
        if (decoder->predictor && !*fault)
            predict_end(decoder->predictor);
    }
    return count;
}
