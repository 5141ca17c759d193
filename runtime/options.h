/* What MEMTRACK_OPTIONS says: "key=value" pairs separated by ':'. Parsed once, before any event;
 * read-only afterwards. */
#ifndef MT_OPTIONS_H
#define MT_OPTIONS_H

#include "compiler.h"

#include <stdint.h>

#define MT_OPTION_STRING_SIZE 4096

enum mt_mode { MT_MODE_TRACE, MT_MODE_PROFILE, MT_MODE_OFF };
enum mt_writer_choice { MT_WRITER_THREAD, MT_WRITER_INLINE };
enum mt_context_choice { MT_CONTEXT_STACK, MT_CONTEXT_SITE };
enum mt_sample_choice { MT_SAMPLE_ALL, MT_SAMPLE_TIERED, MT_SAMPLE_POISSON };
enum mt_sample_preset {
    MT_SAMPLE_DEFAULT,
    MT_SAMPLE_HIGH_PRECISION,
    MT_SAMPLE_PERFORMANCE,
    MT_SAMPLE_LEAKS,
    MT_SAMPLE_DEMO,
};
enum mt_clock_choice { MT_CLOCK_PRECISE, MT_CLOCK_COARSE };
enum mt_leaks { MT_LEAKS_SCAN, MT_LEAKS_OFF };
enum mt_overflow { MT_OVERFLOW_BLOCK, MT_OVERFLOW_DROP };

struct mt_options {
#define MT_CHOICE(name, value, words, help) int name;
#define MT_NUMBER(name, value, min, max, help) uint64_t name;
#define MT_SIZE(name, value, min, max, help) uint64_t name;
#define MT_PERCENT(name, value, help) uint64_t name;
#define MT_STRING(name, value, help) char name[MT_OPTION_STRING_SIZE];
#include "options.def"
    char given[MT_OPTION_STRING_SIZE]; /* the text parsed, cut to fit */
};

MT_EXTERN struct mt_options mt_options;

/* Fills mt_options from `text`, NULL for the defaults. What is not understood keeps its default and
 * is named on stderr. */
void mt_options_parse(const char *text);

/* What the environment holds for the above, or NULL; also before libc knows it. */
const char *mt_options_given(void);

#endif
