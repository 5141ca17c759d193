#include "model/suppressions.h"

#include "util/glob.h"
#include "util/path.h"

#include <stdlib.h>
#include <string.h>

void suppressions_free(struct suppressions *suppressions) {
    free(suppressions->rules.items);
    arena_free(&suppressions->arena);
    *suppressions = (struct suppressions){0};
}

/* No rule of LeakSanitizer's fits. */
enum { NO_PATTERN = UINT32_MAX };

/* The first of LeakSanitizer's rules that any text of the frame fits, in any of its forms; of those
 * before `end`, which is returned if none does. */
static uint32_t frame_pattern(const struct suppressions *suppressions,
                              const struct listed_frame *frame, uint32_t end) {
    size_t count = suppressions->rules.count;

    for (uint32_t i = 0; i < end && i < count; i++) {
        const char *pattern = suppressions->rules.items[i].pattern;

        if (pattern && (glob_match_stars(pattern, frame->symbol) ||
                        (frame->name != frame->symbol && glob_match_stars(pattern, frame->name)) ||
                        (frame->file[0] && glob_match_stars(pattern, frame->file)) ||
                        (frame->module[0] && glob_match_stars(pattern, frame->module))))
            return i;
    }
    return end;
}

/* Valgrind's chains begin with the function that gave the memory, ours with the one that called it.
 */
static bool allocator_fits(const struct frame_rule *rule, uint8_t api) {
    static const struct {
        uint8_t api;
        const char *name;
    } functions[] = {
        {MT_API_MALLOC, "malloc"},
        {MT_API_MALLOC, "calloc"},
        {MT_API_MALLOC, "realloc"},
        {MT_API_MALLOC, "reallocarray"},
        {MT_API_MALLOC, "memalign"},
        {MT_API_MALLOC, "posix_memalign"},
        {MT_API_MALLOC, "aligned_alloc"},
        {MT_API_MALLOC, "valloc"},
        {MT_API_MALLOC, "pvalloc"},
        {MT_API_NEW, "_Znwm"},
        {MT_API_NEW, "_Znwj"},
        {MT_API_NEW, "_ZnwmRKSt9nothrow_t"},
        {MT_API_NEW, "_ZnwmSt11align_val_t"},
        {MT_API_NEW, "_ZnwmSt11align_val_tRKSt9nothrow_t"},
        {MT_API_NEW, "operator new(unsigned long)"},
        {MT_API_NEW, "operator new(unsigned long, std::nothrow_t const&)"},
        {MT_API_NEW, "operator new(unsigned long, std::align_val_t)"},
        {MT_API_NEW_ARRAY, "_Znam"},
        {MT_API_NEW_ARRAY, "_Znaj"},
        {MT_API_NEW_ARRAY, "_ZnamRKSt9nothrow_t"},
        {MT_API_NEW_ARRAY, "_ZnamSt11align_val_t"},
        {MT_API_NEW_ARRAY, "_ZnamSt11align_val_tRKSt9nothrow_t"},
        {MT_API_NEW_ARRAY, "operator new[](unsigned long)"},
        {MT_API_NEW_ARRAY, "operator new[](unsigned long, std::nothrow_t const&)"},
        {MT_API_NEW_ARRAY, "operator new[](unsigned long, std::align_val_t)"},
    };

    if (rule->kind == FRAME_RULE_OBJECT)
        return glob_match(rule->pattern, "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so");
    for (size_t i = 0;
         rule->kind == FRAME_RULE_FUNCTION && i < sizeof(functions) / sizeof(functions[0]); i++) {
        if ((api == MT_API_UNKNOWN || api == functions[i].api) &&
            glob_match(rule->pattern, functions[i].name))
            return true;
    }
    return false;
}

static bool rule_fits(const struct frame_rule *rule, const struct listed_frame *frame) {
    switch (rule->kind) {
    case FRAME_RULE_ANY:
        return true;
    case FRAME_RULE_FUNCTION:
        return glob_match(rule->pattern, frame->symbol) || glob_match(rule->pattern, frame->name);
    case FRAME_RULE_OBJECT:
        return glob_match(rule->pattern, frame->module);
    case FRAME_RULE_SOURCE:
        return (rule->line == 0 || rule->line == frame->line) && frame->file[0] &&
               (glob_match(rule->pattern, frame->file) ||
                glob_match(rule->pattern, path_base_name(frame->file)));
    }
    return false;
}

/* Whether the rules from the first on fit frames from the given one on; further frames may follow.
 * As with wildcards in text, only the last "..." has to be tried again. */
static bool rules_fit(const struct frame_rule *rules, size_t count, const struct frame_list *frames,
                      size_t at) {
    size_t rule = 0;
    size_t star = SIZE_MAX; /* the rule behind the last "...", */
    size_t resume = 0;      /* and the frame it was tried at */

    while (rule < count) {
        if (rules[rule].kind == FRAME_RULE_ANY) {
            star = ++rule;
            resume = at;
        } else if (at < frames->count && rule_fits(&rules[rule], &frames->items[at])) {
            rule++;
            at++;
        } else if (star != SIZE_MAX && resume < frames->count) {
            rule = star;
            at = ++resume;
        } else {
            return false;
        }
    }
    return true;
}

static bool frames_fit(const struct suppression *suppression, const struct frame_list *frames) {
    const struct frame_rule *rules = suppression->frames;
    size_t count = suppression->frame_count;

    return rules_fit(rules, count, frames, 0) ||
           (allocator_fits(&rules[0], frames->api) && rules_fit(rules + 1, count - 1, frames, 0));
}

/* Given the first of LeakSanitizer's rules that fits, which are of all kinds. */
static struct suppression *find_rule(const struct suppressions *suppressions,
                                     const struct frame_list *frames, enum leak_kind kind,
                                     uint32_t pattern) {
    for (size_t i = 0; i < suppressions->rules.count; i++) {
        struct suppression *rule = &suppressions->rules.items[i];

        if (rule->pattern ? i == pattern : (rule->kinds & (1u << kind)) && frames_fit(rule, frames))
            return rule;
    }
    return NULL;
}

struct suppression *suppressions_find(const struct suppressions *suppressions,
                                      const struct frame_list *frames, enum leak_kind kind) {
    uint32_t pattern = NO_PATTERN;

    for (size_t i = 0; i < frames->count; i++)
        pattern = frame_pattern(suppressions, &frames->items[i], pattern);
    return find_rule(suppressions, frames, kind, pattern);
}

static void take(uint64_t *from, uint64_t what) {
    *from -= what < *from ? what : *from;
}

static void take_leak(struct counters *counters, enum leak_kind kind, uint64_t bytes,
                      uint64_t blocks) {
    take(&counters->leaked_bytes, bytes);
    take(&counters->leaked_blocks, blocks);
    if (kind == LEAK_DIRECT || kind == LEAK_INDIRECT) {
        take(&counters->unreachable_bytes, bytes);
        take(&counters->unreachable_blocks, blocks);
    } else if (kind == LEAK_REACHABLE) {
        take(&counters->reachable_bytes, bytes);
        take(&counters->reachable_blocks, blocks);
    }
    if (kind == LEAK_INDIRECT) {
        take(&counters->indirect_bytes, bytes);
        take(&counters->indirect_blocks, blocks);
    }
}

/* What is left of an error's square is what the other rows have. */
static void take_variance(struct counters *counters, const struct counters *row) {
    counters->variances.leaked_bytes -= row->variances.leaked_bytes;
    counters->variances.leaked_blocks -= row->variances.leaked_blocks;
    if (counters->variances.leaked_bytes < 0)
        counters->variances.leaked_bytes = 0;
    if (counters->variances.leaked_blocks < 0)
        counters->variances.leaked_blocks = 0;
}

struct taken {
    uint64_t bytes;
    uint64_t blocks;
};

/* An indirect leak goes with the direct ones that hold it: by itself it is not taken out of the
 * totals, which would count it twice. */
static struct taken take_kind(struct counters *totals, struct counters *row, enum leak_kind kind) {
    struct taken taken = {leak_bytes(row, kind), leak_blocks(row, kind)};

    take_leak(row, kind, taken.bytes, taken.blocks);
    if (kind == LEAK_INDIRECT)
        return taken;
    take_leak(totals, kind, taken.bytes, taken.blocks);
    if (kind == LEAK_DIRECT) {
        take_leak(totals, LEAK_INDIRECT, row->kept_bytes, row->kept_blocks);
        taken.bytes += row->kept_bytes;
        taken.blocks += row->kept_blocks;
        take(&totals->kept_bytes, row->kept_bytes);
        take(&totals->kept_blocks, row->kept_blocks);
        row->kept_bytes = 0;
        row->kept_blocks = 0;
    }
    if (row->leaked_blocks == 0 && row->sampled) {
        take_variance(totals, row);
        take_variance(row, row);
        row->largest.leaked_bytes = 0;
        row->largest.leaked_blocks = 0;
    }
    return taken;
}

void suppressions_take(const struct suppressions *suppressions, const struct frame_list *frames,
                       struct counters *totals, struct counters *row) {
    for (enum leak_kind kind = 0; kind < LEAK_KINDS; kind++) {
        if (leak_blocks(row, kind) && suppressions_find(suppressions, frames, kind))
            take_kind(totals, row, kind);
    }
}

/* By context of a trace, the first of LeakSanitizer's rules that fits its chain; to be freed, NULL
 * when memory is short. */
static uint32_t *find_patterns(const struct suppressions *suppressions, const struct defs *defs,
                               struct name_cache *cache) {
    uint32_t *contexts = malloc(defs->contexts.count * sizeof(*contexts));
    uint32_t *sites = malloc(defs->sites.count * sizeof(*sites));
    bool good = contexts && sites;

    for (size_t i = 0; good && i < defs->sites.count; i++) {
        const struct site *site = &defs->sites.items[i];

        sites[i] = NO_PATTERN;
        for (uint32_t k = 0; good && k < site->frame_count; k++) {
            struct listed_frame frame;

            good = frame_list_frame(&frame, site, k, cache);
            if (good)
                sites[i] = frame_pattern(suppressions, &frame, sites[i]);
        }
    }
    /* Parents come before their children; the root is its own. */
    for (size_t i = 0; good && i < defs->contexts.count; i++) {
        const struct context *context = &defs->contexts.items[i];
        uint32_t outer = i ? contexts[context->parent] : NO_PATTERN;

        contexts[i] = sites[context->site] < outer ? sites[context->site] : outer;
    }
    free(sites);
    if (good)
        return contexts;
    free(contexts);
    return NULL;
}

/* What applying takes. */
struct application {
    struct suppressions *suppressions;
    struct report *report;
    struct name_cache cache;
    struct frame_list *frames;
    uint32_t **patterns; /* by trace and context */
    bool by_frames;      /* there are rules of Valgrind's */
    bool counted;
};

static bool prepare(struct application *application) {
    const struct report *report = application->report;
    const struct suppressions *suppressions = application->suppressions;
    bool good;

    application->frames = malloc(sizeof(*application->frames));
    application->patterns = calloc(report->traces.count + 1, sizeof(*application->patterns));
    good = application->frames && application->patterns;
    for (size_t i = 0; good && i < report->traces.count; i++) {
        application->patterns[i] =
            find_patterns(suppressions, &report->traces.items[i]->trace->defs, &application->cache);
        good = application->patterns[i] != NULL;
    }
    for (size_t i = 0; i < suppressions->rules.count; i++)
        application->by_frames |= !suppressions->rules.items[i].pattern;
    return good;
}

static void count_rule(struct suppressions *suppressions, struct suppression *rule,
                       struct taken taken, enum leak_kind kind) {
    rule->bytes += taken.bytes;
    rule->blocks += taken.blocks;
    if (kind != LEAK_INDIRECT) {
        suppressions->bytes += taken.bytes;
        suppressions->blocks += taken.blocks;
    }
}

/* Once for each rule, though it may be right for several kinds of what a context leaves. */
static void count_context(struct suppression **counted, size_t *count, struct suppression *rule) {
    for (size_t i = 0; i < *count; i++) {
        if (counted[i] == rule)
            return;
    }
    counted[(*count)++] = rule;
    rule->contexts++;
}

static bool suppress_row(struct application *application, struct report_row *row) {
    struct suppressions *suppressions = application->suppressions;
    uint32_t pattern = application->patterns[row->chains->index][row->context];
    struct suppression *counted[LEAK_KINDS];
    size_t rules = 0;

    if (application->by_frames &&
        !frame_list_fill(application->frames, row->chains, row->context, &application->cache))
        return false;
    for (enum leak_kind kind = 0; kind < LEAK_KINDS; kind++) {
        struct suppression *rule = leak_blocks(&row->counters, kind)
                                       ? find_rule(suppressions, application->frames, kind, pattern)
                                       : NULL;
        struct taken taken;

        if (!rule)
            continue;
        taken = take_kind(&application->report->totals.counters, &row->counters, kind);
        if (!application->counted)
            continue;
        count_rule(suppressions, rule, taken, kind);
        count_context(counted, &rules, rule);
    }
    suppressions->contexts += rules != 0;
    return true;
}

bool suppressions_apply(struct suppressions *suppressions, struct report *report, bool counted,
                        struct error *error) {
    struct application application = {
        .suppressions = suppressions, .report = report, .counted = counted};
    bool good;

    if (suppressions->rules.count == 0)
        return true;
    good = prepare(&application);
    for (size_t i = 0; good && i < report->contexts.count; i++) {
        struct report_row *row = &report->contexts.items[i];

        if (row->counters.leaked_blocks || row->counters.leaked_bytes)
            good = suppress_row(&application, row);
    }
    for (size_t i = 0; application.patterns && i < report->traces.count; i++)
        free(application.patterns[i]);
    free(application.patterns);
    free(application.frames);
    name_cache_free(&application.cache);
    return good || error_no_memory(error);
}
