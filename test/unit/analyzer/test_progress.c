/* The line that tells how far work is. */
#include "test.h"

#include "util/names.h"
#include "util/progress.h"

#include <string.h>

static void a_line_has_a_name_a_bar_and_figures(void **state) {
    char line[MT_PROGRESS_LINE];

    (void)state;
    progress_line(line, "lua.mtrace", 25000000, 100000000, 500, 80);
    assert_string_equal(line,
                        "lua.mtrace  [#####------------------]   25 %  50.0 M events/s  2 s left");
    progress_line(line, "lua.mtrace", 1, 1000, 1000, 80);
    assert_non_null(strstr(line, "16 min 39 s left"));
    progress_line(line, "lua.mtrace", 1, 100000, 1000, 80);
    assert_non_null(strstr(line, "27.8 h left"));
}

static void a_path_gives_way_to_figures(void **state) {
    char line[MT_PROGRESS_LINE];

    (void)state;
    progress_line(line, "/a/long/way/to/the/directory/of/lua.mtrace", 1, 2, 1000, 70);
    assert_int_equal(strncmp(line, "lua.mtrace  [", 13), 0);
    progress_line(line, "a-name-of-more-characters-than-there-is-room-for.mtrace", 1, 2, 1000, 70);
    assert_non_null(strstr(line, "for.mtrace  ["));
    progress_line(line, "lua\033[2J.mtrace", 1, 2, 1000, 120);
    assert_null(strchr(line, '\033'));
}

static void no_line_is_wider_than_the_terminal(void **state) {
    char line[MT_PROGRESS_LINE];

    (void)state;
    for (size_t columns = 0; columns < 300; columns++) {
        for (uint64_t done = 0; done <= 4; done++) {
            progress_line(line, "d\xc3\xa4s/\xe2\x82\xac.mtrace", done << 40, UINT64_C(4) << 40,
                          done * 1234567, columns);
            assert_true(names_width(line) < (columns ? columns : 1));
        }
    }
    /* More than all is all. */
    progress_line(line, "t", 5, 4, 1000, 80);
    assert_non_null(strstr(line, "100 %"));
    progress_line(line, "t", 0, 0, 0, 80);
    assert_non_null(strstr(line, "  0 %"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_a_name_a_bar_and_figures),
        cmocka_unit_test(a_path_gives_way_to_figures),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
