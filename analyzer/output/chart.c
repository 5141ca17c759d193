#include "output/chart.h"

int chart_eighths(double value, double largest, int height) {
    int eighths;

    if (value <= 0 || largest <= 0)
        return 0;
    eighths = (int)(value / largest * 8 * height + 0.5);
    return eighths < 1 ? 1 : eighths > 8 * height ? 8 * height : eighths;
}

static void print_cell(FILE *out, int eighths, bool ascii) {
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const letters[] = {" ", "_", "_", ".", ".", "o", "o", "O", "#"};
    int index = eighths < 0 ? 0 : eighths > 8 ? 8 : eighths;

    fputs(ascii ? letters[index] : blocks[index], out);
}

void chart_line(FILE *out, const double *values, size_t count, double largest, bool ascii) {
    for (size_t i = 0; i < count; i++)
        print_cell(out, chart_eighths(values[i], largest, 1), ascii);
}

/* Labels are at the top and in the middle; the axis has the one at the bottom. */
static void print_label(FILE *out, const struct chart *chart, int line, double largest,
                        chart_label *label) {
    struct format_buffer buffer;
    bool labelled = line == 0 || (chart->height >= 6 && line == chart->height / 2);
    /* What the top of the line is worth. */
    double value = largest * (chart->height - line) / chart->height;

    fprintf(out, "%*s ", chart->margin, labelled ? label(&buffer, value) : "");
    if (chart->ascii)
        fputs(labelled ? "+" : "|", out);
    else
        fputs(labelled ? "┤" : "│", out);
}

void chart_print(FILE *out, const struct chart *chart, double largest, chart_label *label) {
    for (int line = 0; line < chart->height; line++) {
        int below = 8 * (chart->height - 1 - line);
        size_t end = chart->count;

        while (end && chart_eighths(chart->values[end - 1], largest, chart->height) <= below)
            end--;
        print_label(out, chart, line, largest, label);
        for (size_t i = 0; i < end; i++)
            print_cell(out, chart_eighths(chart->values[i], largest, chart->height) - below,
                       chart->ascii);
        fputc('\n', out);
    }
}

void chart_print_axis(FILE *out, const struct chart *chart) {
    fprintf(out, "%*s %s", chart->margin, "0", chart->ascii ? "+" : "└");
    for (size_t i = 0; i < chart->count; i++)
        fputs(chart->ascii ? "-" : "─", out);
    fputc('\n', out);
}
