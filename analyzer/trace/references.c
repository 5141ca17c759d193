#include "trace/references.h"

#include "trace/defs.h"

enum { WORD_BYTES = 8, PAGE_WORDS = MT_REFERENCES_PAGE / WORD_BYTES };
static const uint64_t max_name = 65535;

/* Of a WORDS payload. */
struct words {
    struct cursor heads;
    struct cursor places;
    struct cursor values;
    uint64_t page;  /* address of the last one */
    uint64_t value; /* the last one */
    bool any;       /* page before this one */
};

static bool cut_short(struct error *error, const char *what) {
    return error_set(error, "%s ends early or is out of range", what);
}

bool parse_references(struct defs *defs, struct cursor *in, uint32_t count, struct error *error) {
    struct scan_def scan = {.present = true};
    uint8_t part;

    if (!cursor_fixed(in, &part, 1))
        return cut_short(error, "a block of references");
    if (part != MT_REFERENCES_SUMMARY) {
        in->at = in->end;
        return true;
    }
    if (count != 1 || !cursor_fixed(in, &scan.result, 1) || !cursor_varint(in, &scan.flags) ||
        !cursor_varint(in, &scan.ns) || !cursor_varint(in, &scan.bytes) ||
        !cursor_varint(in, &scan.words) || !cursor_varint(in, &scan.threads) ||
        !cursor_varint(in, &scan.stopped))
        return cut_short(error, "the summary of a scan");
    defs->scan = scan;
    return true;
}

static bool read_regions(struct cursor *in, uint32_t count,
                         const struct references_visitor *visitor, struct error *error) {
    for (uint32_t i = 0; i < count; i++) {
        struct memory_region region;
        uint64_t size, thread;

        if (!cursor_fixed(in, &region.kind, 1) || !cursor_varint(in, &region.start) ||
            !cursor_varint(in, &size) || !cursor_varint(in, &thread) ||
            !cursor_string(in, max_name, &region.name) || size > UINT64_MAX - region.start)
            return cut_short(error, "a region");
        region.end = region.start + size;
        if (visitor->region && !visitor->region(visitor->data, &region, error))
            return false;
    }
    return true;
}

static bool read_registers(struct cursor *in, uint32_t count,
                           const struct references_visitor *visitor, struct error *error) {
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value;

        if (!cursor_varint(in, &value))
            return cut_short(error, "a register");
        if (visitor->in_register && !visitor->in_register(visitor->data, value, error))
            return false;
    }
    return true;
}

/* Differences are of addresses without their low four bits. */
static bool read_value(struct words *words, uint64_t address, uint64_t *value) {
    uint64_t code, base, difference;
    uint8_t low = 0;

    if (!cursor_varint(&words->values, &code))
        return false;
    if (code & 1 && (!cursor_fixed(&words->values, &low, 1) || low > 15))
        return false;
    base = (code & 2 ? address : words->value) >> 4;
    difference = code >> 2;
    difference = difference >> 1 ^ (0 - (difference & 1));
    *value = (base + difference) << 4 | low;
    words->value = *value;
    return true;
}

static bool read_page(struct words *words, const struct references_visitor *visitor,
                      struct error *error) {
    uint64_t step, count, place = 0;

    if (!cursor_varint(&words->heads, &step) || !cursor_varint(&words->heads, &count) ||
        count == 0 || count > PAGE_WORDS ||
        step > (UINT64_MAX - words->page) / MT_REFERENCES_PAGE - 1)
        return cut_short(error, "a page of words");
    words->page += step * MT_REFERENCES_PAGE;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t gap, address, value;

        if (!cursor_varint(&words->places, &gap) || gap >= PAGE_WORDS - place)
            return cut_short(error, "the place of a word");
        place += gap;
        address = words->page + place * WORD_BYTES;
        place++;
        if (!read_value(words, address, &value))
            return cut_short(error, "a word");
        if (visitor->word && !visitor->word(visitor->data, address, value, error))
            return false;
    }
    return true;
}

static bool read_words(struct cursor *in, uint32_t count, const struct references_visitor *visitor,
                       struct error *error) {
    struct words words = {.page = 0};
    uint64_t heads, places;

    if (!cursor_varint(in, &heads) || !cursor_varint(in, &places) || heads > cursor_left(in) ||
        places > cursor_left(in) - heads)
        return cut_short(error, "the length of a column");
    words.heads = (struct cursor){in->at, in->at + heads};
    words.places = (struct cursor){words.heads.end, words.heads.end + places};
    words.values = (struct cursor){words.places.end, in->end};
    for (uint32_t i = 0; i < count; i++) {
        if (!read_page(&words, visitor, error))
            return false;
    }
    if (cursor_left(&words.heads) || cursor_left(&words.places) || cursor_left(&words.values))
        return error_set(error, "a column goes on after the last word");
    in->at = in->end;
    return true;
}

static bool read_part(struct cursor *in, uint32_t count, const struct references_visitor *visitor,
                      struct error *error) {
    uint8_t part;
    bool good = true;

    if (!cursor_fixed(in, &part, 1))
        return cut_short(error, "a block of references");
    if (part == MT_REFERENCES_REGIONS)
        good = read_regions(in, count, visitor, error);
    else if (part == MT_REFERENCES_REGISTERS)
        good = read_registers(in, count, visitor, error);
    else if (part == MT_REFERENCES_WORDS)
        good = read_words(in, count, visitor, error);
    else
        return true; /* the summary, or of a later version */
    if (good && cursor_left(in))
        return error_set(error, "payload goes on after the last record");
    return good;
}

bool references_read(const struct reader *reader, const struct references_visitor *visitor,
                     uint64_t *offset, struct error *error) {
    struct payload payload = {0};
    bool good = true;

    for (size_t i = 0; good && i < reader->block_count; i++) {
        struct mt_block_header header;
        struct cursor in;

        if (reader->blocks[i].kind != MT_BLOCK_REFERENCES)
            continue;
        *offset = reader->blocks[i].offset;
        header = reader_block_header(reader, *offset);
        good = reader_payload(reader, *offset, &payload, error);
        in = (struct cursor){payload.bytes, payload.bytes + payload.size};
        good = good && read_part(&in, header.count, visitor, error);
    }
    payload_free(&payload);
    return good;
}
