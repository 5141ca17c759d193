/* Numbers and names for people, and the maps underneath. */
#include "test.h"

#include "util/format.h"
#include "util/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void numbers_are_readable(void **state) {
    struct format_buffer out;

    (void)state;
    assert_string_equal(format_count(&out, 0), "0");
    assert_string_equal(format_count(&out, 999), "999");
    assert_string_equal(format_count(&out, 1000), "1,000");
    assert_string_equal(format_count(&out, UINT64_MAX), "18,446,744,073,709,551,615");
    assert_string_equal(format_bytes(&out, 1023), "1023 B");
    assert_string_equal(format_bytes(&out, 1536), "1.50 KiB");
    assert_string_equal(format_bytes(&out, (1 << 20) - 1), "1.00 MiB");
    assert_string_equal(format_bytes(&out, UINT64_MAX), "16.00 EiB");
    assert_string_equal(format_duration(&out, 0), "0 ns");
    assert_string_equal(format_duration(&out, 999.6), "1.0 µs");
    assert_string_equal(format_duration(&out, 1.5e9), "1.500 s");
    assert_string_equal(format_duration(&out, 125e9), "2 min 05 s");
    assert_string_equal(format_duration(&out, 7260e9), "2 h 01 min");
    assert_string_equal(format_share(&out, 1, 2), "50.0 %");
    assert_string_equal(format_share(&out, 0, 0), "-");
}

static void expect_utf8(const char *bytes, size_t size, const char *expected) {
    char *text = names_utf8(bytes, size);

    assert_string_equal(text, expected);
    free(text);
}

static void invalid_utf8_is_replaced(void **state) {
    (void)state;
    expect_utf8("gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f");
    expect_utf8("a\xff"
                "b",
                3,
                "a\xef\xbf\xbd"
                "b");
    expect_utf8("\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
    expect_utf8("\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
    expect_utf8("\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd");                 /* cut off */
    expect_utf8("\x1b[31m", 5, "\xef\xbf\xbd[31m"); /* no terminal escapes */
    expect_utf8("", 0, "");
}

static void names_are_demangled_and_simplified(void **state) {
    char *name = names_demangle("_ZNSt6vectorIiSaIiEE17_M_realloc_insertIJRKiEEEvN9__gnu_cxx17__"
                                "normal_iteratorIPiS1_EEDpOT_");
    char text[] = "std::map<std::__cxx11::basic_string<char, std::char_traits<char>, "
                  "std::allocator<char> >, int>";
    char pair[] = "std::vector<std::vector<int, std::allocator<int> >, "
                  "std::allocator<std::vector<int, std::allocator<int> > > >";

    (void)state;
    assert_non_null(strstr(name, "_M_realloc_insert<int const&>"));
    free(name);
    name = names_demangle("main");
    assert_string_equal(name, "main");
    free(name);
    name = names_demangle("_Znonsense");
    assert_string_equal(name, "_Znonsense");
    free(name);
    names_simplify(text);
    assert_string_equal(text, "std::map<std::string, int>");
    names_simplify(pair);
    assert_string_equal(pair, "std::vector<std::vector<int>>");
}

/* Each pair is of two of the one before it: these stand for names of up to 2^20 pairs. */
static void names_may_stand_for_too_much(void **state) {
    char linkage[256] = "_Z1fSt4pairIiiES_IS0_S0_E";
    char *name;

    (void)state;
    for (unsigned i = 0; i < 18; i++) {
        char part[] = "S_IS1_S1_E";

        part[4] = part[7] = "123456789ABCDEFGHI"[i];
        strcat(linkage, part);
        name = names_demangle(linkage);
        if (i < 3)
            assert_true(strncmp(name, "f(std::pair<int, int>", 20) == 0);
        assert_true(strlen(name) <= 64 << 10);
        free(name);
    }
    name = names_demangle(linkage);
    assert_string_equal(name, linkage);
    free(name);
}

static void expect_short(const char *name, size_t columns, const char *expected) {
    char text[256];

    strcpy(text, name);
    names_simplify(text);
    names_shorten(text, columns);
    assert_string_equal(text, expected);
}

static void long_names_lose_arguments_first(void **state) {
    (void)state;
    expect_short("main", 1, "main");
    expect_short("void f<int>(int)", 50, "f<int>(int)");
    expect_short("A<int, B<c>> f<x<y>, z>(long, long) const", 20, "f<...>(...) const");
    expect_short("(anonymous namespace)::f((anonymous namespace)::T)", 20, "{anonymous}::f(...)");
    expect_short("std::ostream& ns::operator<< <char>(std::ostream&, char)", 10,
                 "ns::operator<< <...>(...)");
    expect_short("T::operator()(int, int) const", 10, "T::operator()(...) const");
    expect_short("T::operator bool() const", 10, "T::operator bool() const");
    expect_short("bool operator<(T const&, T const&)", 10, "operator<(...)");
    expect_short("T::operator->()", 10, "T::operator->()");
    expect_short("f(int, int)::{lambda(int)#1}::operator()(int) const", 10,
                 "f(...)::{lambda(int)#1}::operator()(int) const");
    expect_short("broken<<<((", 3, "broken<<<((");
    expect_short(")>broken", 3, ")>broken");
    expect_short("", 3, "");
}

static void strings_are_stored_once(void **state) {
    struct arena arena = {0};
    struct intern intern = {.arena = &arena};
    const char *first = intern_add(&intern, "some name", 9);
    char text[16];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        int size = snprintf(text, sizeof(text), "name%d", i);

        assert_string_equal(intern_add(&intern, text, (size_t)size), text);
    }
    assert_ptr_equal(intern_add(&intern, "some name and more", 9), first);
    assert_ptr_not_equal(intern_add(&intern, "some nam", 8), first);
    assert_string_equal(intern_add(&intern, "", 0), "");
    intern_free(&intern);
    arena_free(&arena);
}

static void maps_find_what_was_put(void **state) {
    struct id_map map = {0};

    (void)state;
    assert_int_equal(id_map_get(&map, 0), MT_ID_MAP_NONE);
    for (uint64_t i = 0; i < 20000; i++)
        assert_true(id_map_put(&map, i * 0x100000001, (uint32_t)i));
    for (uint64_t i = 0; i < 20000; i++)
        assert_int_equal(id_map_get(&map, i * 0x100000001), i);
    assert_int_equal(id_map_get(&map, 5), MT_ID_MAP_NONE);
    assert_true(id_map_put(&map, 0, 7));
    assert_int_equal(id_map_get(&map, 0), 7);
    assert_int_equal(map.count, 20000);
    id_map_free(&map);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_readable),
        cmocka_unit_test(invalid_utf8_is_replaced),
        cmocka_unit_test(names_are_demangled_and_simplified),
        cmocka_unit_test(names_may_stand_for_too_much),
        cmocka_unit_test(long_names_lose_arguments_first),
        cmocka_unit_test(strings_are_stored_once),
        cmocka_unit_test(maps_find_what_was_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
