#include "output/frames.h"

#include "output/names.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_LINES = 24, /* of one chain; deeper callers are counted, not shown */
    MAX_NAME = 50,  /* columns */
};

static const char inlined_mark[] = "  (inlined)";

/* Sanitized, and shortened if it can be to the columns; NULL when memory is short. */
static char *display_name(const char *linkage_name, size_t columns) {
    char *demangled = names_demangle(linkage_name);
    char *name = demangled ? names_utf8(demangled, strlen(demangled)) : NULL;

    free(demangled);
    if (name) {
        names_simplify(name);
        names_shorten(name, columns);
    }
    return name;
}

static char *display_location(const struct site *site, const struct frame *frame) {
    bool has_file = frame->file[0] != '\0';
    const char *place = has_file ? frame->file : site->module;
    size_t size = strlen(place) + 32;
    char *text = malloc(size);
    char *clean;

    if (!text)
        return NULL;
    if (has_file && frame->line)
        snprintf(text, size, "%s:%u", place, frame->line);
    else if (has_file)
        snprintf(text, size, "%s", place);
    else if (place[0])
        snprintf(text, size, "in %s", strrchr(place, '/') ? strrchr(place, '/') + 1 : place);
    else
        text[0] = '\0';
    clean = names_utf8(text, strlen(text));
    free(text);
    return clean;
}

/* The beginning of a name matters most. */
static size_t print_start(FILE *out, const char *text, size_t columns) {
    size_t width = names_width(text);

    if (width <= columns) {
        fputs(text, out);
        return width;
    }
    fprintf(out, "%.*s...", (int)names_prefix(text, columns - 3), text);
    return columns;
}

/* The end of a path matters most, and whole components are easiest to read. */
static void print_end(FILE *out, const char *text, size_t columns) {
    const char *end;
    const char *slash;

    if (names_width(text) <= columns) {
        fputs(text, out);
        return;
    }
    end = names_suffix(text, columns - 3);
    slash = strchr(end, '/');
    fprintf(out, "...%s", slash ? slash : end);
}

static void print_frame(FILE *out, const struct site *site, uint32_t index, int indent,
                        size_t name_columns) {
    const struct frame *frame = &site->frames[index];
    bool inlined = index + 1 < site->frame_count;
    char *name = display_name(frame->function, MAX_NAME);
    char *location = display_location(site, frame);
    size_t room = (size_t)(MT_TEXT_COLUMNS - indent);
    size_t used;

    if (inlined)
        room -= sizeof(inlined_mark) - 1;
    fprintf(out, "%*s", indent, "");
    used = print_start(out, name ? name : frame->function, name_columns);
    if (location && location[0]) {
        fprintf(out, "%*s", (int)(name_columns - used + 2), "");
        print_end(out, location, room - name_columns - 2);
    }
    fprintf(out, "%s\n", inlined ? inlined_mark : "");
    free(name);
    free(location);
}

/* Columns for the names so that they line up and leave the locations the rest. */
static size_t widest_name(const struct site *site, size_t widest) {
    for (uint32_t i = 0; i < site->frame_count && i < MAX_LINES; i++) {
        char *name = display_name(site->frames[i].function, MAX_NAME);
        size_t width = name ? names_width(name) : 0;

        free(name);
        widest = width > widest ? width : widest;
    }
    return widest < MAX_NAME ? widest : MAX_NAME;
}

static uint32_t print_site(FILE *out, const struct site *site, int indent, size_t columns,
                           uint32_t lines) {
    uint32_t printed = 0;

    while (printed < site->frame_count && printed < lines)
        print_frame(out, site, printed++, indent, columns);
    return printed;
}

void frames_print_chain(FILE *out, const struct trace *trace, uint32_t context, int indent) {
    const struct context *contexts = trace->defs.contexts.items;
    uint32_t lines = MAX_LINES;
    size_t columns = 0;
    uint32_t at = context;

    for (uint32_t depth = 0; depth < MAX_LINES; depth++) {
        columns = widest_name(defs_site(&trace->defs, at), columns);
        at = contexts[at].parent;
        if (at == 0)
            break;
    }
    at = context;
    for (;;) {
        lines -= print_site(out, defs_site(&trace->defs, at), indent, columns, lines);
        at = contexts[at].parent;
        if (at == 0)
            return;
        if (lines == 0)
            break;
    }
    fprintf(out, "%*s... and %u callers more\n", indent, "", contexts[at].depth);
}

void frames_print_site(FILE *out, const struct site *site, int indent) {
    print_site(out, site, indent, widest_name(site, 0), MAX_LINES);
}

void frames_print_label(FILE *out, const char *name, int indent) {
    char *text = display_name(name, (size_t)(MT_TEXT_COLUMNS - indent));

    fprintf(out, "%*s", indent, "");
    print_start(out, text ? text : name, (size_t)(MT_TEXT_COLUMNS - indent));
    fputc('\n', out);
    free(text);
}
