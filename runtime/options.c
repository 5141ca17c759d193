#define _GNU_SOURCE
#include "options.h"

#include "log.h"
#include "os_memory.h"
#include "text.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "MEMTRACK_OPTIONS"
#define ENVIRONMENT_MAX (2u << 20) /* of which the kernel takes a quarter of the stack's limit */

struct mt_options mt_options = {
#define MT_CHOICE(name, value, words, help) .name = (value),
#define MT_NUMBER(name, value, min, max, help) .name = (value),
#define MT_SIZE(name, value, min, max, help) .name = (value),
#define MT_PERCENT(name, value, help) .name = (value),
#define MT_STRING(name, value, help) .name = (value),
#include "options.def"
};

struct span {
    const char *start;
    size_t length;
};

static bool span_is(struct span s, const char *word, size_t length) {
    return s.length == length && !memcmp(s.start, word, length);
}

static void complain(struct span key, struct span value, const char *expected) {
    char line[512];
    struct mt_text text = MT_TEXT(line);

    mt_text_add(&text, "MEMTRACK_OPTIONS: ");
    mt_text_add_bytes(&text, key.start, key.length);
    mt_text_add(&text, "=");
    mt_text_add_bytes(&text, value.start, value.length);
    mt_text_add(&text, expected ? " is ignored; " : " is ignored: no such option; ");
    mt_text_add(&text, expected ? expected : "MEMTRACK_OPTIONS=help=1 lists them");
    mt_log(line, NULL, NULL, NULL);
}

static void set_choice(struct span key, struct span value, const char *words, int *out) {
    const char *word = words;
    char expected[128];
    struct mt_text text = MT_TEXT(expected);

    for (int index = 0;; index++) {
        size_t length = strcspn(word, "|");

        if (span_is(value, word, length)) {
            *out = index;
            return;
        }
        if (!word[length])
            break;
        word += length + 1;
    }
    mt_text_add(&text, "one of ");
    mt_text_add(&text, words);
    complain(key, value, expected);
}

static bool read_number(struct span value, uint64_t *number) {
    bool valid = value.length > 0 && value.length < 18;

    *number = 0;
    for (size_t i = 0; valid && i < value.length; i++) {
        valid = value.start[i] >= '0' && value.start[i] <= '9';
        *number = *number * 10 + (uint64_t)(value.start[i] - '0');
    }
    return valid;
}

static void set_number(struct span key, struct span value, uint64_t min, uint64_t max,
                       uint64_t *out) {
    uint64_t number;
    char expected[128];
    struct mt_text text = MT_TEXT(expected);

    if (read_number(value, &number) && number >= min && number <= max) {
        *out = number;
        return;
    }
    mt_text_add(&text, "a whole number from ");
    mt_text_add_number(&text, min);
    mt_text_add(&text, " to ");
    mt_text_add_number(&text, max);
    complain(key, value, expected);
}

static void set_size(struct span key, struct span value, uint64_t min, uint64_t max,
                     uint64_t *out) {
    struct span digits = value;
    unsigned shift = 0;
    uint64_t number;

    if (value.length && value.start[value.length - 1] == 'K')
        shift = 10;
    else if (value.length && value.start[value.length - 1] == 'M')
        shift = 20;
    digits.length -= shift != 0;
    if (read_number(digits, &number) && number <= max >> shift && number << shift >= min)
        *out = number << shift;
    else
        complain(key, value, "a number of bytes from 1 to 2^40; K and M may follow");
}

/* With at most four digits behind the point. */
static void set_percent(struct span key, struct span value, uint64_t *out) {
    size_t whole = 0;
    uint64_t number = 0, part = 0, unit = 10000;
    bool valid = true;

    while (whole < value.length && value.start[whole] != '.')
        whole++;
    if (whole)
        valid = read_number((struct span){value.start, whole}, &number);
    for (size_t i = whole + 1; i < value.length; i++) {
        unit /= 10;
        valid = valid && unit && value.start[i] >= '0' && value.start[i] <= '9';
        part += (uint64_t)(value.start[i] - '0') * unit;
    }
    number = number <= 100 ? number * 10000 + part : 0;
    if (valid && number > 0 && number <= 1000000)
        *out = number;
    else
        complain(key, value, "a percentage from 0.0001 to 100");
}

static void set_string(struct span key, struct span value, char *out) {
    if (value.length == 0 || value.length >= MT_OPTION_STRING_SIZE) {
        complain(key, value, "a value of 1 to 4095 bytes");
        return;
    }
    memcpy(out, value.start, value.length);
    out[value.length] = 0;
}

static void set(struct span key, struct span value) {
#define MT_CHOICE(name, initial, words, help)                                                      \
    if (span_is(key, #name, sizeof #name - 1)) {                                                   \
        set_choice(key, value, words, &mt_options.name);                                           \
        return;                                                                                    \
    }
#define MT_NUMBER(name, initial, min, max, help)                                                   \
    if (span_is(key, #name, sizeof #name - 1)) {                                                   \
        set_number(key, value, min, max, &mt_options.name);                                        \
        return;                                                                                    \
    }
#define MT_SIZE(name, initial, min, max, help)                                                     \
    if (span_is(key, #name, sizeof #name - 1)) {                                                   \
        set_size(key, value, min, max, &mt_options.name);                                          \
        return;                                                                                    \
    }
#define MT_PERCENT(name, initial, help)                                                            \
    if (span_is(key, #name, sizeof #name - 1)) {                                                   \
        set_percent(key, value, &mt_options.name);                                                 \
        return;                                                                                    \
    }
#define MT_STRING(name, initial, help)                                                             \
    if (span_is(key, #name, sizeof #name - 1)) {                                                   \
        set_string(key, value, mt_options.name);                                                   \
        return;                                                                                    \
    }
#include "options.def"
    complain(key, value, NULL);
}

static void print_help(void) {
    mt_log("MEMTRACK_OPTIONS=key=value:key=value...", NULL, NULL, NULL);
#define MT_CHOICE(name, initial, words, help) mt_log("  " #name "=" words "  ", help, NULL, NULL);
#define MT_NUMBER(name, initial, min, max, help)                                                   \
    mt_log("  " #name "=N (default " #initial ")  ", help, NULL, NULL);
#define MT_SIZE(name, initial, min, max, help) mt_log("  " #name "=BYTES  ", help, NULL, NULL);
#define MT_PERCENT(name, initial, help) mt_log("  " #name "=PERCENT  ", help, NULL, NULL);
#define MT_STRING(name, initial, help)                                                             \
    mt_log("  " #name "=PATTERN (default " initial ")  ", help, NULL, NULL);
#include "options.def"
}

/* The colon is part of what may follow `sample=`: a word without `=`. Returns its length. */
static size_t set_sample_argument(const char *text) {
    size_t length = *text == ':' ? strcspn(text + 1, ":") : 0;
    struct span value = {text + 1, length};

    if (!length || strcspn(text + 1, "=:") < length)
        return 0;
    if (mt_options.sample == MT_SAMPLE_TIERED)
        set((struct span){"sample_preset", 13}, value);
    else if (mt_options.sample == MT_SAMPLE_POISSON)
        set((struct span){"sample_bytes", 12}, value);
    else
        complain(value, (struct span){"", 0}, NULL);
    return length + 1;
}

void mt_options_parse(const char *text) {
    struct mt_text given = MT_TEXT(mt_options.given);

    if (text)
        mt_text_add(&given, text);
    while (text && *text) {
        size_t length = strcspn(text, ":");
        size_t equals = strcspn(text, "=:");
        size_t rest = equals < length ? equals + 1 : length;

        if (length)
            set((struct span){text, equals}, (struct span){text + rest, length - rest});
        if (equals < length && span_is((struct span){text, equals}, "sample", 6))
            length += set_sample_argument(text + length);
        text += length;
        text += *text == ':';
    }
    if (mt_options.help)
        print_help();
}

/* As the process was given it. */
static const char *given_to_process(void) {
    static const char name[] = VARIABLE "=";
    char *text = mt_os_memory_map(ENVIRONMENT_MAX), *at = text;
    int file = text ? open("/proc/self/environ", O_RDONLY | O_CLOEXEC) : -1;
    size_t size = 0;
    ssize_t length;

    /* The last byte stays zero. */
    while (file >= 0 && (length = read(file, text + size, ENVIRONMENT_MAX - 1 - size)) > 0)
        size += (size_t)length;
    if (file >= 0)
        close(file);
    while (at && at < text + size && strncmp(at, name, sizeof name - 1) != 0)
        at += strlen(at) + 1;
    if (at && at < text + size)
        return at + sizeof name - 1;
    mt_os_memory_unmap(text, ENVIRONMENT_MAX);
    return NULL;
}

const char *mt_options_given(void) {
    return environ ? getenv(VARIABLE) : given_to_process();
}
