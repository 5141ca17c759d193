/* Files of rules: what is read from them, and what is refused. */
#include "test.h"

#include "model/rules.h"

#include <stdlib.h>
#include <string.h>

static void parse(struct rules *rules, const char *text) {
    char *copy = strdup(text);
    struct error error;

    *rules = (struct rules){.list = {.count = 0}};
    if (!rules_parse(rules, "file", copy, &error))
        fail_msg("%s", error.text);
    free(copy);
}

static void lines_are_rules(void **state) {
    struct rules rules;
    const struct rule *rule;

    (void)state;
    parse(&rules, "# comment\n\n  max-leaked 0\r\nmax-peak 1.5MiB in function parse_* file a.c\n"
                  "max-allocations 1000 phase load # why\nmax-temporary 12.5%");
    assert_int_equal(rules.list.count, 4);
    rule = &rules.list.items[0];
    assert_int_equal(rule->metric, RULE_LEAKED);
    assert_string_equal(rule->text, "max-leaked 0");
    assert_string_equal(rule->file, "file");
    assert_int_equal(rule->line, 3);
    assert_false(rule_has_places(rule));
    rule = &rules.list.items[1];
    assert_int_equal(rule->metric, RULE_PEAK);
    assert_int_equal((int)rule->limit, 3 << 19);
    assert_string_equal(rule->scope.function, "parse_*");
    assert_string_equal(rule->scope.file, "a.c");
    assert_null(rule->scope.tag);
    assert_true(rule_has_places(rule));
    rule = &rules.list.items[2];
    assert_string_equal(rule->scope.phase, "load");
    assert_string_equal(rule->text, "max-allocations 1000 phase load");
    assert_int_equal((int)rule->limit, 1000);
    assert_int_equal((int)(rules.list.items[3].limit * 10), 125);
    rules_free(&rules);
}

static void words_with_spaces_stand_in_quotes(void **state) {
    struct rules rules;
    const struct rule *rule;

    (void)state;
    parse(&rules, "forbid allocations in function \"f(int, \\\"#)\" in tag \"request 1\"\n");
    rule = &rules.list.items[0];
    assert_int_equal(rule->metric, RULE_ALLOCATIONS);
    assert_int_equal((int)rule->limit, 0);
    assert_string_equal(rule->scope.function, "f(int, \"#)");
    assert_string_equal(rule->scope.tag, "request 1");
    rules_free(&rules);
}

static void tolerances_are_of_one_metric_or_of_all(void **state) {
    struct rules rules;

    (void)state;
    parse(&rules, "tolerance 5%\ntolerance peak 64KiB\ntolerance leaked 1%\n");
    assert_int_equal(rules.list.count, 0);
    assert_int_equal((int)rules.tolerances[RULE_ALLOCATIONS].percent, 5);
    assert_int_equal((int)rules.tolerances[RULE_PEAK].percent, 5);
    assert_int_equal((int)rules.tolerances[RULE_PEAK].amount, 65536);
    assert_int_equal((int)rules.tolerances[RULE_LEAKED].percent, 1);
    assert_int_equal((int)rules.tolerances[RULE_LEAKED].amount, 0);
    rules_free(&rules);
}

static void refuses(const char *text, const char *message) {
    struct rules rules = {.list = {.count = 0}};
    char *copy = strdup(text);
    struct error error;

    if (rules_parse(&rules, "file", copy, &error))
        fail_msg("'%s' is accepted", text);
    if (!strstr(error.text, message))
        fail_msg("'%s' says '%s'", text, error.text);
    rules_free(&rules);
    free(copy);
}

static void faults_are_told_with_their_line(void **state) {
    (void)state;
    refuses("max-leaked 0\nmax-leeked 0\n", "file:2: 'max-leeked' is no rule");
    refuses("max-leaked\n", "has no limit");
    refuses("max-leaked many\n", "'many' is no number of bytes");
    refuses("max-leaked -1\n", "'-1' is no number of bytes");
    refuses("max-allocations 1K\n", "'1K' is no number");
    refuses("max-temporary 101%\n", "is no share");
    refuses("max-leaked 0 in\n", "is no scope");
    refuses("max-leaked 0 in place x\n", "'place' is no scope");
    refuses("max-leaked 0 in function\n", "has no pattern behind it");
    refuses("max-leaked 0 function a function b\n", "is there twice");
    refuses("max-errors 0 in function f\n", "takes no scope");
    refuses("max-leaked 0 in function \"f\n", "no closing quote");
    refuses("forbid leaks\n", "goes with allocations only");
    refuses("tolerance temporary 1%\n", "is not compared");
    refuses("tolerance\n", "takes a metric");
    refuses("tolerance peak much\n", "neither a share");
    refuses("a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 6 7\n",
            "one word too many");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_rules),
        cmocka_unit_test(words_with_spaces_stand_in_quotes),
        cmocka_unit_test(tolerances_are_of_one_metric_or_of_all),
        cmocka_unit_test(faults_are_told_with_their_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
