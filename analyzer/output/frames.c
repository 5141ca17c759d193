#include "output/frames.h"

#include "util/format.h"
#include "util/names.h"
#include "util/path.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_LINES = 24, /* of one chain; deeper callers are counted, not shown */
    MAX_NAME = 50,  /* columns */
    MAX_FOLDED_NAME = 60,
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
        snprintf(text, size, "in %s", path_base_name(place));
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

static void print_frame(FILE *out, const struct chain_place *place, int indent,
                        size_t name_columns) {
    const struct frame *frame = chain_frame(place);
    bool inlined = chain_inlined(place);
    char *name = display_name(frame->function, MAX_NAME);
    char *location = display_location(place->site, frame);
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

/* Names the function that the program called. */
static void print_folded(FILE *out, const struct chain_item *item, int indent) {
    const struct frame *frame = chain_frame(&item->place);
    char end[48];
    char *name = display_name(frame->function, MAX_FOLDED_NAME);

    if (name)
        names_drop_parameters(name);
    snprintf(end, sizeof(end), ", %u frame%s folded]\n", item->count, item->count == 1 ? "" : "s");
    fprintf(out, "%*s[via ", indent, "");
    print_start(out, name ? name : frame->function, MAX_FOLDED_NAME);
    fputs(end, out);
    free(name);
}

static void print_item(FILE *out, const struct chain_item *item, int indent, size_t name_columns) {
    switch (item->kind) {
    case CHAIN_FRAME:
        print_frame(out, &item->place, indent, name_columns);
        break;
    case CHAIN_FOLDED:
        print_folded(out, item, indent);
        break;
    case CHAIN_LIBRARY:
        fprintf(out, "%*s[%u standard library frames]\n", indent, "", item->count);
        break;
    case CHAIN_REPEATS:
        fprintf(out, "%*s... the ", indent, "");
        if (item->count == 1)
            fputs("line above repeats", out);
        else
            fprintf(out, "%u lines above repeat", item->count);
        fprintf(out, " %s more time%s\n", format_count(&(struct format_buffer){{0}}, item->times),
                item->times == 1 ? "" : "s");
        break;
    }
}

/* The names get columns so that they line up and leave the locations the rest. */
static void print_items(FILE *out, const struct chain_item *items, size_t count, int indent) {
    size_t widest = 0;

    for (size_t i = 0; i < count; i++) {
        char *name;
        size_t width;

        if (items[i].kind != CHAIN_FRAME)
            continue;
        name = display_name(chain_frame(&items[i].place)->function, MAX_NAME);
        width = name ? names_width(name) : 0;
        free(name);
        widest = width > widest ? width : widest;
    }
    for (size_t i = 0; i < count; i++)
        print_item(out, &items[i], indent, widest < MAX_NAME ? widest : MAX_NAME);
}

void frames_print_chain(FILE *out, const struct chains *chains, uint32_t context, bool fold,
                        int indent) {
    struct chain_item items[MAX_LINES + 1];
    struct chain_reader reader;
    size_t count = 0;

    chain_begin(&reader, chains, context, fold);
    /* A cycle without its number of times would be wrong, so that line may be one too many. */
    while ((count < MAX_LINES || (count == MAX_LINES && reader.repeats)) &&
           chain_next(&reader, &items[count]))
        count++;
    print_items(out, items, count, indent);
    if (chain_left(&reader))
        fprintf(out, "%*s... and %s callers more\n", indent, "",
                format_count(&(struct format_buffer){{0}}, chain_left(&reader)));
}

void frames_print_site(FILE *out, struct chain_place place, int indent) {
    struct chain_item items[MAX_LINES];
    size_t count = 0;

    for (; place.frame < place.site->frame_count && count < MAX_LINES; place.frame++)
        items[count++] = (struct chain_item){CHAIN_FRAME, place, 1, 0};
    print_items(out, items, count, indent);
}

void frames_print_name(FILE *out, const char *name, const struct chain_place *place,
                       size_t columns) {
    char *location = place ? display_location(place->site, chain_frame(place)) : NULL;
    size_t width = location ? names_width(location) : 0;
    char *text = strdup(name);

    /* The name keeps at least half, the location a third. */
    if (width > columns / 2 - 2)
        width = columns / 2 - 2;
    if (text)
        names_shorten(text, width ? columns - width - 2 : columns);
    print_start(out, text ? text : name, width ? columns - width - 2 : columns);
    if (width) {
        fputs("  ", out);
        print_end(out, location, width);
    }
    free(text);
    free(location);
}

void frames_print_label(FILE *out, const char *name, int indent) {
    char *text = display_name(name, (size_t)(MT_TEXT_COLUMNS - indent));

    fprintf(out, "%*s", indent, "");
    print_start(out, text ? text : name, (size_t)(MT_TEXT_COLUMNS - indent));
    fputc('\n', out);
    free(text);
}
