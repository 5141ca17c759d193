#include "output/timeline_marks.h"

#include "output/notes.h"
#include "util/format.h"
#include "util/names.h"

#include <stdlib.h>
#include <string.h>

static size_t column_of(const struct timeline_axis *axis, double ns) {
    double width = (axis->to - axis->from) / (double)axis->columns;
    double at = width > 0 ? (ns - axis->from) / width : 0;

    if (at <= 0)
        return 0;
    return at < (double)axis->columns ? (size_t)at : axis->columns - 1;
}

void timeline_print_peak(FILE *out, const struct timeline_axis *axis, double bytes, double ns) {
    struct format_buffer size, time;
    char text[128];
    const char *mark = axis->ascii ? "v" : "▼";
    size_t column = column_of(axis, ns);
    size_t width;

    snprintf(text, sizeof(text), "%s at %s", format_bytes(&size, weights_rounded(bytes)),
             format_duration(&time, ns));
    width = names_width(text) + 1;
    if (column + 1 + width <= axis->columns || column < width)
        fprintf(out, "%*s%s %s\n", (int)(TIMELINE_MARGIN + 2 + column), "", mark, text);
    else
        fprintf(out, "%*s%s %s\n", (int)(TIMELINE_MARGIN + 2 + column - width), "", text, mark);
}

void timeline_print_times(FILE *out, const struct timeline_axis *axis) {
    struct format_buffer first, middle, last;
    size_t half = axis->columns / 2;
    size_t width[3];

    format_duration(&first, axis->from);
    format_duration(&middle, (axis->from + axis->to) / 2);
    format_duration(&last, axis->to);
    width[0] = names_width(first.text);
    width[1] = names_width(middle.text);
    width[2] = names_width(last.text);
    fprintf(out, "%*s%s", TIMELINE_MARGIN + 2, "", first.text);
    if (width[0] + 1 < half && half + width[1] + width[2] + 1 < axis->columns) {
        fprintf(out, "%*s%s", (int)(half - width[0]), "", middle.text);
        fprintf(out, "%*s", (int)(axis->columns - half - width[1] - width[2]), "");
    } else {
        fprintf(out, "%*s", (int)(axis->columns - width[0] - width[2]), "");
    }
    fprintf(out, "%s\n", last.text);
}

void timeline_print_phases(FILE *out, const struct timeline_axis *axis,
                           const struct timeline *timeline) {
    const struct timeline_phase *phases = timeline->phases.items;
    size_t count = timeline->phases.count;
    size_t at = 0;

    if (count < 2)
        return;
    fprintf(out, "%*s", TIMELINE_MARGIN + 2, "");
    for (size_t i = 1; i < count; i++) {
        size_t column = column_of(axis, trace_ns(timeline->trace, phases[i].since));
        size_t end = i + 1 < count ? column_of(axis, trace_ns(timeline->trace, phases[i + 1].since))
                                   : axis->columns;

        if (column < at)
            continue; /* no room: the table has it */
        fprintf(out, "%*s%s", (int)(column - at), "", axis->ascii ? "|" : "│");
        at = column + 1;
        if (end <= at)
            continue;
        notes_name(out, phases[i].mark->name, (int)(end - at));
        at = end;
    }
    fputc('\n', out);
}
