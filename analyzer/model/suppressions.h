/* Leaks that are not to be reported, as LeakSanitizer's and Valgrind's files name them. Which of
 * the two a file is, its first line tells. */
#ifndef MT_MODEL_SUPPRESSIONS_H
#define MT_MODEL_SUPPRESSIONS_H

#include "model/frame_list.h"
#include "model/leaks.h"
#include "util/arena.h"

enum frame_rule_kind {
    FRAME_RULE_ANY, /* any number of frames */
    FRAME_RULE_FUNCTION,
    FRAME_RULE_OBJECT,
    FRAME_RULE_SOURCE,
};

struct frame_rule {
    enum frame_rule_kind kind;
    uint32_t line; /* FRAME_RULE_SOURCE; 0: any */
    const char *pattern;
};

struct suppression {
    const char *name; /* the pattern itself, or what Valgrind's files call it */
    const char *file;
    unsigned line;
    unsigned kinds;            /* 1 << enum leak_kind */
    const char *pattern;       /* LeakSanitizer's, made one for glob_match_stars; or NULL: */
    struct frame_rule *frames; /* Valgrind's, of which all must fit, from the innermost out */
    size_t frame_count;
    uint64_t contexts; /* what it matched */
    uint64_t bytes;
    uint64_t blocks;
};

struct suppressions {
    struct arena arena;
    MT_LIST(struct suppression) rules;
    /* What they matched together, in bytes and blocks, those included that direct leaks hold. */
    uint64_t contexts;
    uint64_t bytes;
    uint64_t blocks;
};

/* Adds the rules of a file, which is called `file` in messages, and whose text is changed. False
 * with "FILE:LINE: what is wrong". */
bool suppressions_parse(struct suppressions *suppressions, const char *file, char *text,
                        struct error *error);
void suppressions_free(struct suppressions *suppressions);

/* The first rule that fits; NULL for none. */
struct suppression *suppressions_find(const struct suppressions *suppressions,
                                      const struct frame_list *frames, enum leak_kind kind);

/* Takes what is suppressed out of the rows' and the totals' figures of leaks, and counts it
 * if asked to. A direct leak takes what it holds along in the totals; of which rows that is, is not
 * known, so these keep it. */
bool suppressions_apply(struct suppressions *suppressions, struct report *report, bool counted,
                        struct error *error);

/* The same of one row, uncounted. */
void suppressions_take(const struct suppressions *suppressions, const struct frame_list *frames,
                       struct counters *totals, struct counters *row);

#endif
