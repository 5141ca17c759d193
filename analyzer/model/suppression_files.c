/* The two formats of suppression files. */
#include "model/suppressions.h"
#include "util/text_file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALL_KINDS = (1u << LEAK_KINDS) - 1, MAX_FRAME_RULES = 1000 };

struct parser {
    struct suppressions *suppressions;
    const char *file;
    struct text_lines lines;
    struct error *error;
};

static bool fail(struct parser *parser, const char *text, const char *problem) {
    return error_set(parser->error, "%s:%u: '%.60s' %s", parser->file, parser->lines.number, text,
                     problem);
}

static struct suppression *add(struct parser *parser, const char *name) {
    struct suppression *rule = MT_LIST_ADD(parser->suppressions->rules);

    if (!rule)
        return NULL;
    *rule = (struct suppression){
        .name = arena_copy(&parser->suppressions->arena, name, strlen(name)),
        .file = arena_copy(&parser->suppressions->arena, parser->file, strlen(parser->file)),
        .line = parser->lines.number,
        .kinds = ALL_KINDS,
    };
    return rule->name && rule->file ? rule : NULL;
}

/* `^` and `$` fix the ends, which else may be anywhere. */
static const char *search_pattern(struct arena *arena, const char *text) {
    size_t size = strlen(text);
    bool start = text[0] == '^';
    bool end = size > 1 && text[size - 1] == '$';
    char *pattern = arena_alloc(arena, size + 3);

    if (pattern)
        snprintf(pattern, size + 3, "%s%.*s%s", start ? "" : "*", (int)(size - start - end),
                 text + start, end ? "" : "*");
    return pattern;
}

static bool parse_sanitizer_line(struct parser *parser, char *line) {
    static const char key[] = "leak:";
    struct suppression *rule;

    if (strncmp(line, key, sizeof(key) - 1) != 0)
        return fail(parser, line, "is no rule: LeakSanitizer's are leak:PATTERN");
    line = text_trim(line + sizeof(key) - 1);
    if (!*line)
        return fail(parser, "leak:", "has no pattern behind it");
    rule = add(parser, line);
    if (rule)
        rule->pattern = search_pattern(&parser->suppressions->arena, line);
    return (rule && rule->pattern) || error_no_memory(parser->error);
}

static bool parse_kind(unsigned *kinds, const char *name) {
    static const struct {
        const char *name;
        unsigned kinds;
    } known[] = {
        /* Blocks to whose inside alone something points are reachable here. */
        {"definite", 1u << LEAK_DIRECT | 1u << LEAK_UNKNOWN},
        {"indirect", 1u << LEAK_INDIRECT | 1u << LEAK_UNKNOWN},
        {"possible", 1u << LEAK_REACHABLE | 1u << LEAK_UNKNOWN},
        {"reachable", 1u << LEAK_REACHABLE | 1u << LEAK_UNKNOWN},
        {"all", ALL_KINDS},
        {"none", 0},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].name, name) == 0) {
            *kinds |= known[i].kinds;
            return true;
        }
    }
    return false;
}

static bool parse_kinds(struct parser *parser, unsigned *kinds, char *list) {
    char *rest = NULL;

    *kinds = 0;
    for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if (!parse_kind(kinds, text_trim(name)))
            return fail(parser, name,
                        "is no kind of leak: definite, indirect, possible, "
                        "reachable, all and none are");
    }
    return true;
}

/* "src:FILE" or "src:FILE:LINE" */
static void split_source(struct frame_rule *rule, char *text) {
    char *colon = strrchr(text, ':');

    rule->kind = FRAME_RULE_SOURCE;
    if (colon && isdigit((unsigned char)colon[1])) {
        rule->line = (uint32_t)strtoul(colon + 1, NULL, 10);
        *colon = '\0';
    }
}

static bool parse_frame(struct parser *parser, struct frame_rule *rule, char *line) {
    char *text = line + 4;

    *rule = (struct frame_rule){.kind = FRAME_RULE_ANY};
    if (strcmp(line, "...") == 0)
        return true;
    if (strncmp(line, "fun:", 4) == 0)
        rule->kind = FRAME_RULE_FUNCTION;
    else if (strncmp(line, "obj:", 4) == 0)
        rule->kind = FRAME_RULE_OBJECT;
    else if (strncmp(line, "src:", 4) == 0)
        split_source(rule, text);
    else
        return fail(parser, line, "is no frame: fun:, obj:, src: and ... are");
    if (!*text)
        return fail(parser, line, "has no pattern behind it");
    rule->pattern = arena_copy(&parser->suppressions->arena, text, strlen(text));
    return rule->pattern || error_no_memory(parser->error);
}

static char *next_line(struct parser *parser) {
    char *line;

    do
        line = text_next_line(&parser->lines);
    while (line && (!*line || *line == '#'));
    return line;
}

/* "Memcheck:Leak", perhaps among other tools, as in "Memcheck,Addrcheck:Leak" */
static bool is_leak_rule(const char *line) {
    const char *colon = strrchr(line, ':');

    return colon && strcmp(colon + 1, "Leak") == 0 && strstr(line, "emcheck");
}

/* What is behind the tool's line, to the closing brace. Rules of other tools are skipped. */
static bool parse_body(struct parser *parser, struct suppression *rule, struct frame_rule *frames) {
    static const char kinds[] = "match-leak-kinds:";
    unsigned opened = parser->lines.number;
    char *line;

    while ((line = next_line(parser)) && strcmp(line, "}") != 0) {
        if (!rule)
            continue;
        if (strncmp(line, kinds, sizeof(kinds) - 1) == 0) {
            if (!parse_kinds(parser, &rule->kinds, line + sizeof(kinds) - 1))
                return false;
        } else if (rule->frame_count == MAX_FRAME_RULES) {
            return fail(parser, line, "is one frame too many");
        } else if (!parse_frame(parser, &frames[rule->frame_count++], line)) {
            return false;
        }
    }
    if (!line) {
        parser->lines.number = opened;
        return fail(parser, "{", "has no } that ends the suppression");
    }
    if (rule && rule->frame_count == 0)
        return fail(parser, line, "ends a suppression that names no frame");
    return true;
}

static bool parse_valgrind_rule(struct parser *parser, struct frame_rule *frames) {
    char *name = next_line(parser);
    char *tool = name ? next_line(parser) : NULL;
    struct suppression *rule = NULL;

    if (!tool || !strchr(tool, ':'))
        return fail(parser, tool ? tool : "{",
                    "is not followed by a name and a line like Memcheck:Leak");
    if (is_leak_rule(tool)) {
        rule = add(parser, name);
        if (!rule)
            return error_no_memory(parser->error);
    }
    if (!parse_body(parser, rule, frames))
        return false;
    if (!rule)
        return true;
    rule->frames =
        arena_alloc(&parser->suppressions->arena, rule->frame_count * sizeof(*rule->frames));
    if (!rule->frames)
        return error_no_memory(parser->error);
    memcpy(rule->frames, frames, rule->frame_count * sizeof(*rule->frames));
    return true;
}

static bool parse_lines(struct parser *parser, struct frame_rule *frames) {
    char *line = next_line(parser);
    bool valgrind = line && strcmp(line, "{") == 0;

    for (; line; line = next_line(parser)) {
        if (valgrind && strcmp(line, "{") != 0)
            return fail(parser, line, "stands outside of { and }");
        if (!(valgrind ? parse_valgrind_rule(parser, frames) : parse_sanitizer_line(parser, line)))
            return false;
    }
    return true;
}

bool suppressions_parse(struct suppressions *suppressions, const char *file, char *text,
                        struct error *error) {
    struct parser parser = {
        .suppressions = suppressions, .file = file, .lines = {text, 0}, .error = error};
    struct frame_rule *frames = malloc(MAX_FRAME_RULES * sizeof(*frames));
    bool good = frames ? parse_lines(&parser, frames) : error_no_memory(error);

    free(frames);
    return good;
}
