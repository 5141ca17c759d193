#include "output/rows.h"

#include "output/frames.h"

enum { CHAIN_INDENT = 8 };

void rows_print_names(FILE *out, const struct report_row *row,
                      const struct report_options *options) {
    bool fold = !options->no_fold;
    struct chain_place place = chains_first(row->chains, row->context, fold);
    const struct frame *frame = chain_frame(&place);
    const char *type;

    switch (options->by) {
    case REPORT_BY_SITE:
        frames_print_site(out, place, CHAIN_INDENT);
        break;
    case REPORT_BY_FUNCTION:
        frames_print_label(out, frame->function, CHAIN_INDENT);
        break;
    case REPORT_BY_FILE:
        frames_print_label(out, frame->file[0] ? frame->file : "[unknown file]", CHAIN_INDENT);
        break;
    case REPORT_BY_TYPE:
        type = report_type(row, fold);
        frames_print_label(out, type[0] ? type : "[unknown type]", CHAIN_INDENT);
        break;
    case REPORT_BY_CONTEXT:
    case REPORT_BY_THREAD:
        frames_print_chain(out, row->chains, row->context, fold, CHAIN_INDENT);
        break;
    }
}
