#include "output/cells.h"
#include "output/pools.h"
#include "util/format.h"
#include "util/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_COLUMNS = 24 };

static void print_name(FILE *out, const char *name, int indent) {
    char *demangled = names_demangle(name[0] ? name : "[unknown pool]");
    char *clean = NULL;

    if (demangled) {
        names_simplify(demangled);
        names_shorten(demangled, NAME_COLUMNS);
        clean = names_utf8(demangled, strlen(demangled));
    }
    if (clean)
        fprintf(out, "%*s%.*s%*s", indent, "", (int)names_prefix(clean, NAME_COLUMNS), clean,
                NAME_COLUMNS - (int)names_width(clean) > 0 ? NAME_COLUMNS - (int)names_width(clean)
                                                           : 0,
                "");
    free(demangled);
    free(clean);
}

static void print_counters(FILE *out, const struct pool_counters *counters) {
    fprintf(out, " %11s %11s %11s %12s %10s", BYTES(counters->peak), BYTES(counters->live),
            BYTES(counters->allocated_bytes), COUNT(counters->allocations),
            COUNT(counters->live_blocks));
}

static void print_note(FILE *out, uint64_t count, const char *one, const char *many) {
    if (count)
        fprintf(out, "      %s %s\n", COUNT(count), count == 1 ? one : many);
}

static void print_notes(FILE *out, const struct pool_row *row) {
    const struct pool_counters *counters = &row->counters;

    if (!counters->allocations && row->heap.allocations)
        fputs("      hands out no memory but the heap's, which is counted there\n", out);
    print_note(out, counters->ended[POOL_END_WITH_POOL], "block was given back with its pool",
               "blocks were given back with their pool");
    print_note(out, counters->ended[POOL_END_WITH_HEAP],
               "block ended with the heap block around it",
               "blocks ended with the heap block around them");
    print_note(out, counters->ended[POOL_END_REUSED],
               "block was handed out again without having been given back",
               "blocks were handed out again without having been given back");
    print_note(out, row->unmatched_frees, "block was given back that was not known",
               "blocks were given back that were not known");
    if (counters->allocations && counters->live_blocks == counters->allocations)
        fputs("      nothing was ever given back: perhaps no function is marked that does\n", out);
    if (row->heap.allocations)
        fprintf(out,
                "      inside, from the heap: %s in %s blocks; held at the heap's peak %s, leaked "
                "%s\n",
                BYTES(row->heap.allocated_bytes), COUNT(row->heap.allocations),
                BYTES(row->heap.peak_bytes), BYTES(row->heap.leaked_bytes));
}

static void print_instances(FILE *out, const struct pool_report *pools, size_t row, size_t limit) {
    size_t shown = 0;

    for (size_t i = 0; i < pools->instances.count; i++) {
        const struct pool_report_instance *instance = &pools->instances.items[i];
        char name[32];

        if (instance->row != row)
            continue;
        if (limit && shown == limit)
            break;
        shown++;
        snprintf(name, sizeof(name), "0x%" PRIx64, instance->identity);
        fprintf(out, "    %-*s", NAME_COLUMNS - 2, name);
        print_counters(out, &instance->counters);
        fputc('\n', out);
    }
    if (pools->rows.items[row].instances > shown)
        fprintf(out, "    ... and %s more\n", COUNT(pools->rows.items[row].instances - shown));
}

void pools_print(FILE *out, const struct pool_report *pools, size_t limit) {
    fputs("Pools: what custom allocators handed out, apart from the heap\n", out);
    if (pools->sampled)
        fputs("\n  ! with sampling, only what they got from the heap was recorded\n", out);
    if (!pools->rows.count) {
        fputs("\n  none: no call of a function that is marked or has alloc_size was compiled\n",
              out);
        return;
    }
    fprintf(out, "\n  %-*s %11s %11s %11s %12s %10s\n", NAME_COLUMNS, "pool", "peak", "leaked",
            "handed out", "blocks", "leaked");
    for (size_t i = 0; i < pools->rows.count; i++) {
        const struct pool_row *row = &pools->rows.items[i];

        if (limit && i == limit) {
            fprintf(out, "  ... and %s more (--limit 0 shows all)\n", COUNT(pools->rows.count - i));
            break;
        }
        print_name(out, row->name, 2);
        print_counters(out, &row->counters);
        fputc('\n', out);
        print_notes(out, row);
        print_instances(out, pools, i, limit);
    }
}
