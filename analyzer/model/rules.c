#include "model/rules.h"

#include "util/quantity.h"
#include "util/text_file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct metric {
    const char *name;
    bool in_bytes;
} metrics[RULE_METRICS] = {
    [RULE_LEAKED] = {"leaked", true},
    [RULE_LEAKED_BLOCKS] = {"leaked-blocks", false},
    [RULE_UNREACHABLE] = {"unreachable", true},
    [RULE_PEAK] = {"peak", true},
    [RULE_ALLOCATIONS] = {"allocations", false},
    [RULE_ALLOCATED] = {"allocated", true},
    [RULE_TEMPORARY] = {"temporary", false},
    [RULE_ERRORS] = {"errors", false},
};

/* Which a baseline is compared in. */
static const enum rule_metric compared[] = {RULE_ALLOCATIONS, RULE_ALLOCATED, RULE_PEAK,
                                            RULE_LEAKED};

enum { COMPARED = sizeof(compared) / sizeof(compared[0]), MAX_WORDS = 32 };

const char *rule_metric_name(enum rule_metric metric) {
    return metrics[metric].name;
}

bool rule_in_bytes(enum rule_metric metric) {
    return metrics[metric].in_bytes;
}

bool rule_has_places(const struct rule *rule) {
    const struct rule_scope *scope = &rule->scope;

    return scope->function || scope->tag || scope->file || scope->module || scope->type;
}

void rules_free(struct rules *rules) {
    free(rules->list.items);
    arena_free(&rules->arena);
    *rules = (struct rules){0};
}

struct parser {
    struct rules *rules;
    const char *file;
    unsigned line;
    struct error *error;
    const char *words[MAX_WORDS];
    size_t count;
};

static bool fail(struct parser *parser, const char *text, const char *problem) {
    if (parser->file)
        return error_set(parser->error, "%s:%u: '%.60s' %s", parser->file, parser->line, text,
                         problem);
    return error_set(parser->error, "'%.60s' %s", text, problem);
}

/* One word, which may be in quotes; \ takes the next byte as it is there. Moves both on; NULL if
 * the closing quote is missing. */
static char *read_word(char **text) {
    char *in = *text;
    char *out = in;
    char *word = in;
    bool quoted = *in == '"';

    if (quoted)
        in++;
    while (*in && (quoted ? *in != '"' : !isspace((unsigned char)*in))) {
        if (quoted && *in == '\\' && in[1])
            in++;
        *out++ = *in++;
    }
    if (quoted && *in != '"')
        return NULL;
    if (*in)
        in++;
    *out = '\0';
    *text = in;
    return word;
}

/* The text is changed, and the words point into it. */
static bool split(struct parser *parser, char *text) {
    parser->count = 0;
    for (;;) {
        char *word;

        while (isspace((unsigned char)*text))
            text++;
        if (!*text || *text == '#')
            return true;
        if (parser->count == MAX_WORDS)
            return fail(parser, text, "is one word too many");
        word = read_word(&text);
        if (!word)
            return fail(parser, text, "has no closing quote");
        parser->words[parser->count++] = word;
    }
}

static bool find_metric(const char *name, enum rule_metric *metric) {
    for (int i = 0; i < RULE_METRICS; i++) {
        if (strcmp(metrics[i].name, name) == 0) {
            *metric = (enum rule_metric)i;
            return true;
        }
    }
    return false;
}

static bool parse_percent(const char *text, double *percent) {
    static const struct quantity_unit units[] = {{"", 1}, {"%", 1}, {NULL, 0}};

    return quantity_parse(text, units, percent);
}

static bool parse_limit(struct parser *parser, struct rule *rule, const char *text) {
    uint64_t number;

    if (rule->metric == RULE_TEMPORARY) {
        if (parse_percent(text, &rule->limit) && rule->limit <= 100)
            return true;
        return fail(parser, text, "is no share of the allocations, like 20%");
    }
    if (rule_in_bytes(rule->metric)) {
        if (!quantity_bytes(text, &number))
            return fail(parser, text, "is no number of bytes, like 4096, 64K or 1.5MiB");
    } else if (!quantity_count(text, &number)) {
        return fail(parser, text, "is no number");
    }
    rule->limit = (double)number;
    return true;
}

static const char **scope_member(struct rule_scope *scope, const char *name) {
    const struct {
        const char *name;
        const char **member;
    } members[] = {
        {"function", &scope->function}, {"tag", &scope->tag},   {"file", &scope->file},
        {"module", &scope->module},     {"type", &scope->type}, {"phase", &scope->phase},
        {"thread", &scope->thread},
    };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (strcmp(members[i].name, name) == 0)
            return members[i].member;
    }
    return NULL;
}

/* From a word of the line on, to its end. */
static bool parse_scope(struct parser *parser, struct rule *rule, size_t at) {
    for (; at < parser->count; at += 2) {
        const char **member;

        if (strcmp(parser->words[at], "in") == 0)
            at++;
        member = at < parser->count ? scope_member(&rule->scope, parser->words[at]) : NULL;
        if (!member)
            return fail(parser, parser->words[at < parser->count ? at : at - 1],
                        "is no scope: function, file, module, tag, type, phase and thread are");
        if (at + 1 == parser->count)
            return fail(parser, parser->words[at], "has no pattern behind it");
        if (*member)
            return fail(parser, parser->words[at], "is there twice");
        *member =
            arena_copy(&parser->rules->arena, parser->words[at + 1], strlen(parser->words[at + 1]));
        if (!*member)
            return error_no_memory(parser->error);
    }
    if (rule->metric == RULE_ERRORS &&
        (rule_has_places(rule) || rule->scope.phase || rule->scope.thread))
        return fail(parser, parser->words[0],
                    "counts the errors of the whole recording: it takes "
                    "no scope");
    return true;
}

static bool is_compared(enum rule_metric metric) {
    for (int i = 0; i < COMPARED; i++) {
        if (compared[i] == metric)
            return true;
    }
    return false;
}

static bool parse_tolerance(struct parser *parser) {
    bool all = parser->count == 2;
    enum rule_metric metric = RULE_LEAKED;
    const char *text = parser->words[parser->count - 1];
    struct tolerance value = {0, 0};
    uint64_t amount = 0;
    bool in_percent = strchr(text, '%') != NULL;

    if (parser->count < 2 || parser->count > 3)
        return fail(parser, parser->words[0], "takes a metric, which may be left out, and a value");
    if (!all && !(find_metric(parser->words[1], &metric) && is_compared(metric)))
        return fail(parser, parser->words[1],
                    "is not compared with a baseline: allocations, "
                    "allocated, peak and leaked are");
    if (in_percent ? !parse_percent(text, &value.percent) : !quantity_bytes(text, &amount))
        return fail(parser, text, "is neither a share, like 5%, nor a number, like 64KiB");
    for (int i = 0; i < COMPARED; i++) {
        struct tolerance *tolerance = &parser->rules->tolerances[compared[i]];

        if (!all && compared[i] != metric)
            continue;
        if (in_percent)
            tolerance->percent = value.percent;
        else
            tolerance->amount = (double)amount;
    }
    return true;
}

static bool add(struct parser *parser, const struct rule *rule) {
    struct rule *added = MT_LIST_ADD(parser->rules->list);

    if (added)
        *added = *rule;
    return added || error_no_memory(parser->error);
}

static bool parse_words(struct parser *parser, struct rule *rule) {
    const char *word = parser->words[0];

    if (strcmp(word, "forbid") == 0) {
        if (parser->count < 2 || strcmp(parser->words[1], "allocations") != 0)
            return fail(parser, word, "goes with allocations only");
        rule->metric = RULE_ALLOCATIONS;
        return parse_scope(parser, rule, 2);
    }
    if (strncmp(word, "max-", 4) != 0 || !find_metric(word + 4, &rule->metric))
        return fail(parser, word,
                    "is no rule: max-leaked, max-leaked-blocks, max-unreachable, "
                    "max-peak, max-allocations, max-allocated, max-temporary, "
                    "max-errors, forbid and tolerance are");
    if (parser->count < 2)
        return fail(parser, word, "has no limit behind it");
    return parse_limit(parser, rule, parser->words[1]) && parse_scope(parser, rule, 2);
}

/* Without a comment, as far as one is easily told. */
static char *copy_text(struct arena *arena, const char *text) {
    char *copy = arena_copy(arena, text, strlen(text));
    char *comment = copy && !strchr(copy, '"') ? strstr(copy, " #") : NULL;

    if (comment)
        *comment = '\0';
    return copy ? text_trim(copy) : NULL;
}

bool rules_parse_line(struct rules *rules, const char *file, unsigned line, const char *text,
                      struct error *error) {
    struct parser parser = {.rules = rules, .line = line, .error = error};
    struct rule rule = {.line = line};
    char *words = arena_copy(&rules->arena, text, strlen(text));

    rule.text = copy_text(&rules->arena, text);
    parser.file = file ? arena_copy(&rules->arena, file, strlen(file)) : NULL;
    if (!words || !rule.text || (file && !parser.file))
        return error_no_memory(error);
    rule.file = parser.file;
    if (!split(&parser, words))
        return false;
    if (parser.count == 0)
        return true;
    if (strcmp(parser.words[0], "tolerance") == 0)
        return parse_tolerance(&parser);
    return parse_words(&parser, &rule) && add(&parser, &rule);
}

bool rules_parse(struct rules *rules, const char *file, char *text, struct error *error) {
    struct text_lines lines = {text, 0};
    char *line;

    while ((line = text_next_line(&lines))) {
        if (!rules_parse_line(rules, file, lines.number, line, error))
            return false;
    }
    return true;
}

bool rules_add_baseline(struct rules *rules, struct error *error) {
    struct parser parser = {.rules = rules, .error = error};

    for (int i = 0; i < COMPARED; i++) {
        struct rule rule = {.metric = compared[i], .baseline = true};
        char text[64];

        snprintf(text, sizeof(text), "baseline %s", rule_metric_name(compared[i]));
        rule.text = arena_copy(&rules->arena, text, strlen(text));
        if (!rule.text)
            return error_no_memory(error);
        if (!add(&parser, &rule))
            return false;
    }
    return true;
}
