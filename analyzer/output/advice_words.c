#include "output/advice.h"

#include "output/cells.h"
#include "util/format.h"

#include <inttypes.h>

static const double high = 0.2, medium = 0.05;

const char *advice_title(enum finding_kind kind) {
    static const char *const titles[FINDING_KINDS] = {
        [FINDING_LEAK] = "leak",
        [FINDING_GROWTH] = "growth without bound",
        [FINDING_CHURN] = "temporary blocks",
        [FINDING_REALLOC] = "buffers grown step by step",
        [FINDING_TINY] = "tiny blocks",
        [FINDING_OVER_ALLOCATION] = "blocks larger than needed",
        [FINDING_CROSS_THREAD] = "freed by other threads",
        [FINDING_THREAD_PEAK] = "one thread holds the peak",
    };

    return titles[kind];
}

const char *advice_severity(const struct finding *finding) {
    return finding->share >= high ? "high" : finding->share >= medium ? "medium" : "low";
}

static uint64_t mean(uint64_t sum, uint64_t count) {
    return count ? (sum + count / 2) / count : 0;
}

static void say_leak(FILE *out, const struct finding *finding) {
    fprintf(out, "Nothing points any more to %s in %s block%s that %s never freed",
            BYTES(finding->unreachable_bytes), COUNT(finding->unreachable_blocks),
            finding->unreachable_blocks == 1 ? "" : "s",
            finding->unreachable_blocks == 1 ? "was" : "were");
    if (finding->indirect_bytes)
        fprintf(out, "; to %s of it, only such blocks do", BYTES(finding->indirect_bytes));
    fputc('.', out);
}

static void say_growth(FILE *out, const struct finding *finding) {
    const struct growth_figures *growth = &finding->growth;
    const char *separator = ":";

    fprintf(out, "Its live bytes rose by %s to %s and did not level off", BYTES(growth->rise),
            BYTES(growth->last));
    if (growth->per_second > 0) {
        fprintf(out, "%s %s a second", separator, BYTES((uint64_t)(growth->per_second + 0.5)));
        separator = ",";
    }
    if (growth->per_allocation > 0)
        fprintf(out, "%s %.3g bytes for each allocation of the program", separator,
                growth->per_allocation);
    fprintf(out, " (tau %.2f, fit %.2f). ", growth->tau, growth->fit);
    if (finding->leaked_bytes == 0)
        fputs("All of it was freed in the end.", out);
    else
        fprintf(out, "%s were still live at the end.", BYTES(finding->leaked_bytes));
}

static void say_sizes(FILE *out, uint64_t least, uint64_t most) {
    if (least == most)
        fprintf(out, "all of %s", BYTES(most));
    else
        fprintf(out, "of %s to %s", BYTES(least), BYTES(most));
}

/* ", 12,345 a second" */
static void say_rate(FILE *out, const struct finding *finding, uint64_t count) {
    if (finding->run_ns > 0)
        fprintf(out, ", %s a second",
                COUNT((uint64_t)((double)count / finding->run_ns * 1e9 + 0.5)));
}

static void say_churn(FILE *out, const struct finding *finding) {
    fprintf(out, "%s of %s blocks were freed before their thread allocated anything else, ",
            COUNT(finding->temporary), COUNT(finding->allocations));
    say_sizes(out, finding->size_min, finding->size_max);
    say_rate(out, finding, finding->temporary);
    fputc('.', out);
}

static void say_realloc(FILE *out, const struct finding *finding) {
    const struct regrowths *regrowth = &finding->regrowth;

    fprintf(out, "%s buffer%s made larger %s times", COUNT(regrowth->chains),
            regrowth->chains == 1 ? " was" : "s were",
            COUNT(mean(regrowth->chain_growths, regrowth->chains)));
    if (regrowth->chains > 1)
        fputs(" each", out);
    if (regrowth->longest * regrowth->chains > regrowth->chain_growths)
        fprintf(out, " in the mean (%s at most)", COUNT(regrowth->longest));
    fprintf(out, ", to %s", BYTES(mean(regrowth->final_bytes, regrowth->chains)));
    fprintf(out, "%s. %s of %s steps moved the block, and copied %s",
            regrowth->by_realloc ? "" : ", by a new block, a copy and a free",
            COUNT(regrowth->moved), COUNT(regrowth->steps), BYTES(regrowth->copied_bytes));
    if (regrowth->remapped_bytes)
        fprintf(out, " (of these, %s in all likelihood by the kernel, without a copy)",
                BYTES(regrowth->remapped_bytes));
    fputc('.', out);
}

static void say_tiny(FILE *out, const struct finding *finding) {
    uint64_t held = finding->overhead_bytes;

    fprintf(out, "%s blocks", COUNT(finding->tiny));
    say_rate(out, finding, finding->tiny);
    fprintf(out, ", of %s in the mean, each of which takes at least %d B of glibc's heap.",
            BYTES(mean(finding->tiny_bytes, finding->tiny)), MT_ADVICE_SMALLEST);
    if (held)
        fprintf(out, " At the peak, %s or more were overhead.", BYTES(held));
}

static void say_over_allocation(FILE *out, const struct finding *finding) {
    const struct shrinks *shrinks = &finding->shrinks;

    fprintf(out, "%s of %s blocks were made smaller by realloc later, from %s to %s in the mean.",
            COUNT(shrinks->blocks), COUNT(finding->allocations),
            BYTES(mean(shrinks->before_bytes, shrinks->blocks)),
            BYTES(mean(shrinks->before_bytes - shrinks->given_back_bytes, shrinks->blocks)));
    if (shrinks->at_peak_bytes)
        fprintf(out, " At the peak, %s were held that were given back.",
                BYTES(shrinks->at_peak_bytes));
}

static void say_cross_thread(FILE *out, const struct finding *finding) {
    uint32_t shown = finding->pair_count < 3 ? finding->pair_count : 3;

    fprintf(out, "%s of %s frees", COUNT(finding->cross_frees), COUNT(finding->frees));
    say_rate(out, finding, finding->cross_frees);
    fputs(", were by other threads than allocated the block", out);
    for (uint32_t i = 0; i < shown; i++)
        fprintf(out, "%s thread %" PRIu32 "'s by thread %" PRIu32 " (%s)", i ? "," : ":",
                finding->pairs[i].from, finding->pairs[i].to, COUNT(finding->pairs[i].frees));
    fputs(finding->pair_count > shown ? ", and others." : ".", out);
}

static void say_thread_peak(FILE *out, const struct finding *finding) {
    fprintf(out, "At the peak of %s, blocks that thread %" PRIu32 " had allocated were %s of it.",
            BYTES(finding->peak_bytes), finding->thread, BYTES(finding->held_bytes));
}

void advice_say_what(FILE *out, const struct finding *finding) {
    static void (*const say[FINDING_KINDS])(FILE *, const struct finding *) = {
        [FINDING_LEAK] = say_leak,
        [FINDING_GROWTH] = say_growth,
        [FINDING_CHURN] = say_churn,
        [FINDING_REALLOC] = say_realloc,
        [FINDING_TINY] = say_tiny,
        [FINDING_OVER_ALLOCATION] = say_over_allocation,
        [FINDING_CROSS_THREAD] = say_cross_thread,
        [FINDING_THREAD_PEAK] = say_thread_peak,
    };

    say[finding->kind](out, finding);
}

static void advise_realloc(FILE *out, const struct finding *finding) {
    const struct regrowths *regrowth = &finding->regrowth;

    if (finding->predictable) {
        fprintf(out, "Reserve the size before filling it: it came to %s",
                BYTES(regrowth->final_min));
        if (regrowth->final_min < regrowth->final_max)
            fprintf(out, " to %s", BYTES(regrowth->final_max));
        fputs(" every time.", out);
        return;
    }
    fprintf(out,
            "Grow by a factor (1.5 or 2), which copies at most twice the final %s, or reserve the "
            "size up front where it is known.",
            BYTES(mean(regrowth->final_bytes, regrowth->chains)));
}

static void advise_churn(FILE *out, const struct finding *finding) {
    if (finding->size_min == finding->size_max)
        fprintf(out, "Allocate the %s once, outside of the loop, or use the stack.",
                BYTES(finding->size_max));
    else
        fputs("Keep one buffer, as large as the largest was so far, and use it again each time.",
              out);
}

void advice_say_what_to_do(FILE *out, const struct finding *finding) {
    static const char *const plain[FINDING_KINDS] = {
        [FINDING_LEAK] = "Free these blocks where the last pointer to them is given up.",
        [FINDING_GROWTH] =
            "Find what should remove these blocks and does not: bound the container, "
            "let entries expire, or free them with what they belong to.",
        [FINDING_TINY] = "Put the values into what points to them, into arrays, or take them from "
                         "a pool of blocks of that size.",
        [FINDING_OVER_ALLOCATION] = "Find out the size first, or begin small and grow by a factor.",
        [FINDING_CROSS_THREAD] = "Give blocks back to the thread that allocated them, many at a "
                                 "time, or reuse them in a queue between both; or use an "
                                 "allocator made for it.",
        [FINDING_THREAD_PEAK] = "Look at what this thread holds (memtrack report --thread): bound "
                                "its queue, or share its work out.",
    };

    if (finding->kind == FINDING_REALLOC)
        advise_realloc(out, finding);
    else if (finding->kind == FINDING_CHURN)
        advise_churn(out, finding);
    else
        fputs(plain[finding->kind], out);
}
