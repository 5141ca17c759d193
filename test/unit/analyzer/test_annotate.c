/* Costs of source lines: what is self and total, and that nothing counts twice. */
#include "test.h"

#include "model/annotate.h"
#include "util/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_LINKS = 64 };

struct built {
    struct builder builder;
    uint32_t ids;
    uint64_t address;
    char *links[MAX_LINKS]; /* by id: the chain up to it */
};

static void begin(struct built *built) {
    *built = (struct built){0};
    builder_begin(&built->builder);
}

/* Frames innermost first, as in add_chain. */
static void add_site(struct built *built, char *site, uint32_t id) {
    struct built_frame frames[4];
    size_t count = 0;

    for (char *frame = strtok(site, ","); frame; frame = strtok(NULL, ",")) {
        char *file = strchr(frame, '@'), *line = strchr(file, ':');

        *file = *line = '\0';
        frames[count] = (struct built_frame){frame, file + 1, (uint32_t)atoi(line + 1), 1, 0};
        if (file[-1] == '*') {
            file[-1] = '\0';
            frames[count].flags = MT_FRAME_WRAPPER;
        }
        count++;
    }
    builder_site(&built->builder, id, id, 1, 0, NULL, frames, count);
}

/* The id of the chain's beginning of that size; it is made if it is new. */
static uint32_t find_link(struct built *built, const char *chain, size_t size, char *site,
                          uint32_t parent) {
    uint32_t id;

    for (id = 1; id <= built->ids; id++) {
        if (strlen(built->links[id]) == size && memcmp(built->links[id], chain, size) == 0)
            return id;
    }
    assert_true(id < MAX_LINKS);
    built->ids = id;
    built->links[id] = strndup(chain, size);
    add_site(built, site, id);
    builder_context(&built->builder, id, parent, id);
    return id;
}

/* An allocation of that size in a chain of sites, outermost first, each of frames innermost first:
 * "main@a.c:1 inner@b.c:2,walk@b.c:7"; of wrappers the function ends with an asterisk. */
static void add_chain(struct built *built, const char *chain, uint64_t size) {
    struct built_event event = {MT_OP_ALLOC, 0, built->address += 0x1000, size, 2000};
    char *copy = strdup(chain), *rest = copy;

    for (char *site; (site = strtok_r(rest, " ", &rest));) {
        size_t end = (size_t)(site - copy) + strlen(site);

        event.context = find_link(built, chain, end, site, event.context);
    }
    builder_events(&built->builder, 1, &event, 1);
    free(copy);
}

/* "file:line self total ..." by allocated bytes; the whole of a file is line 0. */
static void expect(struct built *built, struct annotation_options options, const char *expected) {
    struct annotation annotation;
    struct report report = {0};
    struct analyzed run;
    struct error error;
    char text[4096] = "", *out = text;

    analyze(&run, &built->builder);
    assert_true(report_add(&report, &run.trace, &run.facts, &error));
    assert_true(annotation_make(&annotation, &report, &options, &error));
    for (size_t i = 0; i < annotation.lines.count; i++) {
        const struct annotated_line *line = &annotation.lines.items[i];

        out += sprintf(out, "%s:%u %d %d ", line->file, line->line, (int)line->self.allocated_bytes,
                       (int)line->total.allocated_bytes);
    }
    assert_string_equal(text, expected);
    annotation_free(&annotation);
    report_free(&report);
    analyzed_free(&run);
    builder_free(&built->builder);
    for (uint32_t id = 1; id <= built->ids; id++)
        free(built->links[id]);
}

static const struct annotation_options plain = {.fold = true};

static void lines_have_self_and_total(void **state) {
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "main@a.c:1 load@b.c:7", 100);
    add_chain(&built, "main@a.c:1 load@b.c:8", 20);
    add_chain(&built, "main@a.c:1", 3);
    expect(&built, plain, "a.c:0 3 123 a.c:1 3 123 b.c:0 120 120 b.c:7 100 100 b.c:8 20 20 ");
}

/* A line that a chain comes by three times, alone and by turns with another one. */
static void recursion_counts_once(void **state) {
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "main@a.c:1 walk@b.c:7 walk@b.c:7 walk@b.c:7 new@b.c:2", 100);
    add_chain(&built, "main@a.c:1 walk@b.c:7 walk@b.c:9 walk@b.c:7", 10);
    add_chain(&built, "main@a.c:1 walk@b.c:7", 1);
    expect(&built, plain,
           "a.c:0 0 111 a.c:1 0 111 b.c:0 111 111 b.c:2 100 100 b.c:7 11 111 b.c:9 0 10 ");
}

/* The same line twice in one site, as inlined recursion makes it. */
static void a_line_twice_in_a_site_counts_once(void **state) {
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "main@a.c:1 inner@b.c:2,walk@b.c:7,walk@b.c:7", 100);
    expect(&built, plain, "a.c:0 0 100 a.c:1 0 100 b.c:0 100 100 b.c:2 100 100 b.c:7 0 100 ");
}

static void wrappers_are_folded(void **state) {
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "main@a.c:1 xmalloc*@x.c:5", 100);
    expect(&built, plain, "a.c:0 100 100 a.c:1 100 100 x.c:0 0 100 x.c:5 0 100 ");
    begin(&built);
    add_chain(&built, "main@a.c:1 xmalloc*@x.c:5", 100);
    expect(&built, (struct annotation_options){.fold = false},
           "a.c:0 0 100 a.c:1 0 100 x.c:0 100 100 x.c:5 100 100 ");
}

static void lines_of_one_function(void **state) {
    struct built built;

    (void)state;
    begin(&built);
    add_chain(&built, "main@a.c:1 _Z4loadi@b.c:7", 100);
    expect(&built, (struct annotation_options){.fold = true, .function = "load"},
           "b.c:0 100 100 b.c:7 100 100 ");
}

static void paths_match_by_components(void **state) {
    (void)state;
    assert_true(annotation_is_end("tree.c", "src/tree.c"));
    assert_true(annotation_is_end("/checkout/src/tree.c", "src/tree.c"));
    assert_true(annotation_is_end("./src/tree.c", "src/tree.c"));
    assert_false(annotation_is_end("ree.c", "src/tree.c"));
    assert_false(annotation_is_end("other/tree.c", "src/tree.c"));
    assert_false(annotation_is_end("", "src/tree.c"));
}

static void write_text(const char *path, const char *text, size_t size) {
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

/* The longest end of a path wins; what no text file is is not read. */
static void sources_are_found_and_cleaned(void **state) {
    static const char text[] = "one\n\ttwo\x1b[31m\r\nthree is long\nfour";
    char directory[] = "/tmp/test_annotate.XXXXXX", path[64];
    const char *directories[] = {directory};
    struct source_search search = {directories, 1, ""};
    struct source source;
    char *line;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/b.c", directory);
    write_text(path, "shorter", 7);
    snprintf(path, sizeof(path), "%s/src", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/src/b.c", directory);
    write_text(path, text, sizeof(text) - 1);
    assert_true(source_read(&source, "/build/src/b.c", &search));
    assert_string_equal(source.path, path);
    assert_int_equal(source.lines.count, 4);
    assert_string_equal(line = source_line(&source, 2, 80), "        two\xef\xbf\xbd[31m");
    free(line);
    assert_string_equal(line = source_line(&source, 3, 8), "three...");
    free(line);
    assert_string_equal(line = source_line(&source, 4, 80), "four");
    free(line);
    assert_null(source_line(&source, 0, 80));
    assert_null(source_line(&source, 5, 80));
    source_free(&source);

    write_text(path, "a\0b", 3);
    assert_true(source_read(&source, "src/b.c", &search));
    assert_string_equal(source.fault, "is no text");
    source_free(&source);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_true(source_read(&source, "/nowhere/src/b.c", &search));
    assert_int_equal(source.lines.count, 1); /* the shorter path's */
    source_free(&source);
    assert_true(source_read(&source, "/dev/zero", &(struct source_search){.base = ""}));
    assert_null(source.path);
    source_free(&source);
    unlink(path);
    snprintf(path, sizeof(path), "%s/src", directory);
    rmdir(path);
    snprintf(path, sizeof(path), "%s/b.c", directory);
    unlink(path);
    rmdir(directory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_self_and_total),
        cmocka_unit_test(recursion_counts_once),
        cmocka_unit_test(a_line_twice_in_a_site_counts_once),
        cmocka_unit_test(wrappers_are_folded),
        cmocka_unit_test(lines_of_one_function),
        cmocka_unit_test(paths_match_by_components),
        cmocka_unit_test(sources_are_found_and_cleaned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
