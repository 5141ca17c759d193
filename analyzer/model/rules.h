/* What a recording is held to. A line is a rule:
 *
 *   max-METRIC LIMIT [in SCOPE PATTERN]...
 *   forbid allocations [in SCOPE PATTERN]...
 *   tolerance [METRIC] VALUE          of the comparison with a baseline
 *
 * METRIC: leaked, leaked-blocks, unreachable, peak, allocations, allocated, temporary, errors;
 * SCOPE: function, file, module, tag, type, phase, thread. "in" may be left out, # begins a
 * comment, and a word with spaces stands between quotes.
 */
#ifndef MT_MODEL_RULES_H
#define MT_MODEL_RULES_H

#include "util/arena.h"
#include "util/error.h"
#include "util/list.h"

#include <stdbool.h>
#include <stdint.h>

enum rule_metric {
    RULE_LEAKED,
    RULE_LEAKED_BLOCKS,
    RULE_UNREACHABLE,
    RULE_PEAK,
    RULE_ALLOCATIONS,
    RULE_ALLOCATED,
    RULE_TEMPORARY, /* per cent */
    RULE_ERRORS,
    RULE_METRICS,
};

/* Patterns with * and ?, but of phase and thread, which are names; NULL: any. */
struct rule_scope {
    const char *function; /* of any frame of the chain */
    const char *tag;      /* the same */
    const char *file;     /* of the first frame that is not folded, like the next ones */
    const char *module;
    const char *type;
    const char *phase;
    const char *thread;
};

struct rule {
    const char *text; /* as it was written */
    const char *file; /* NULL: an option */
    unsigned line;
    enum rule_metric metric;
    double limit;
    struct rule_scope scope;
    bool baseline; /* the limit is the baseline's figure and the tolerance */
};

/* By how much more than the baseline's a figure may be. */
struct tolerance {
    double percent;
    double amount; /* bytes or a number */
};

struct rules {
    struct arena arena;
    MT_LIST(struct rule) list;
    struct tolerance tolerances[RULE_METRICS];
};

/* Adds the rules of a file, whose text is changed. False with "FILE:LINE: what is wrong". */
bool rules_parse(struct rules *rules, const char *file, char *text, struct error *error);

/* One line; without a file, faults are told without a place. */
bool rules_parse_line(struct rules *rules, const char *file, unsigned line, const char *text,
                      struct error *error);

/* The four that compare with a baseline. */
bool rules_add_baseline(struct rules *rules, struct error *error);
void rules_free(struct rules *rules);

/* "leaked", as in max-leaked. */
const char *rule_metric_name(enum rule_metric metric);
bool rule_in_bytes(enum rule_metric metric);

/* Whether the rule is about a part of the contexts. */
bool rule_has_places(const struct rule *rule);

#endif
