/* What is folded in calling chains. */
#include "test.h"

#include "model/chains.h"
#include "model/library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void library_functions_are_known_by_name(void **state) {
    static const char *const inside[] = {
        "_ZSt11make_uniqueI3FooJiEESt10unique_ptrIT_St14default_deleteIS2_EEDpOT0_",
        "_ZNSt6vectorIiSaIiEE9push_backERKi",
        "_ZNKSt8functionIFvvEEclEv",
        "_ZNVKSt6atomicIiE4loadEv",
        "_ZNOSt8optionalIiE5valueEv",
        "_ZNKRSt8optionalIiE5valueEv",
        "_ZNSt3__16vectorIiNS_9allocatorIiEEE9push_backB7v160006EOi",
        "_ZNSaIcE8allocateEmPKv",
        "_ZNSs4_Rep9_S_createEmmRKSaIcE",
        "_ZN9__gnu_cxx13new_allocatorIiE8allocateEmPKv",
        "_ZNK9__gnu_cxx13new_allocatorIiE8max_sizeEv",
        "_ZZSt9call_onceIRFvvEJEEvRSt9once_flagOT_DpOT0_ENKUlvE_clEv",
        "_ZNSt6vectorIiSaIiEE9push_backERKi.isra.0",
        "_Znwm",
        "_ZnamRKSt9nothrow_t",
        "_ZdlPvm",
        "operator new(unsigned long)",
    };
    static const char *const outside[] = {
        "main",
        "std_malloc",
        "_Z3fooSt6vectorIiSaIiEE",
        "_Z3fooISt6vectorIiSaIiEEEvT_",
        "_ZN3Foo3barERKSt6vectorIiSaIiEE",
        "_ZN5StackD1Ev",
        "_ZN3Foo2naEv",
        "_ZZN3Foo3runEvENKUlvE_clEv",
        "_ZS",
        "_ZN",
        "_Z",
        "_",
        "",
        "[unknown]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
        if (!library_function(inside[i]))
            fail_msg("%s", inside[i]);
    }
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        if (library_function(outside[i]))
            fail_msg("%s", outside[i]);
    }
}

/* Sites 1 to 9 are ordinary functions named by the digit; A is a wrapper; S is of the library; T is
 * a function with a library function inlined. */
static void define(struct builder *builder) {
    static const struct built_frame wrapper = {"A", "a.c", 1, 1, MT_FRAME_WRAPPER};
    static const struct built_frame library = {"_ZSt1Sv", "s.h", 1, 1, 0};
    static const struct built_frame both[] = {{"_ZSt1tv", "t.h", 1, 1, 0}, {"T", "t.cc", 1, 1, 0}};

    builder_begin(builder);
    for (uint32_t i = 1; i <= 9; i++) {
        char name[] = {(char)('0' + i), '\0'};
        struct built_frame frame = {name, "f.c", i, 1, 0};

        builder_site(builder, '0' + i, i, 0, MT_SITE_CALL, NULL, &frame, 1);
    }
    builder_site(builder, 'A', 'A', 1, 0, NULL, &wrapper, 1);
    builder_site(builder, 'S', 'S', 2, 0, NULL, &library, 1);
    builder_site(builder, 'T', 'T', 2, 0, NULL, both, 2);
}

/* Contexts of the sites, innermost first, of which the last one defined is the chain's. */
static void add_chain(struct builder *builder, const char *sites) {
    uint32_t size = (uint32_t)strlen(sites);
    struct built_context *contexts = calloc(size, sizeof(*contexts));

    for (uint32_t i = 0; i < size; i++)
        contexts[i] = (struct built_context){i + 1, i, (uint32_t)sites[size - 1 - i]};
    builder_contexts(builder, contexts, size);
    free(contexts);
}

/* What the reader gives, in a notation: a name for a frame, <NAME,COUNT> for what is folded,
 * [COUNT] for library frames, (ITEMS*TIMES) for repetitions. */
static void describe(const struct chains *chains, uint32_t context, bool fold, char *out) {
    struct chain_reader reader;
    struct chain_item item;

    chain_begin(&reader, chains, context, fold);
    while (chain_next(&reader, &item)) {
        switch (item.kind) {
        case CHAIN_FRAME:
            out += sprintf(out, "%s", chain_frame(&item.place)->function);
            break;
        case CHAIN_FOLDED:
            out += sprintf(out, "<%s,%u>", chain_frame(&item.place)->function, item.count);
            break;
        case CHAIN_LIBRARY:
            out += sprintf(out, "[%u]", item.count);
            break;
        case CHAIN_REPEATS:
            out += sprintf(out, "(%u*%u)", item.count, item.times);
            break;
        }
    }
    assert_int_equal(chain_left(&reader), 0);
}

static void expect(const char *sites, bool fold, const char *expected) {
    struct builder builder;
    struct analyzed run;
    struct chains *chains;
    char text[4096] = "";

    define(&builder);
    add_chain(&builder, sites);
    analyze(&run, &builder);
    chains = chains_create(&run.trace);
    assert_non_null(chains);
    describe(chains, (uint32_t)strlen(sites), fold, text);
    if (strcmp(text, expected) != 0)
        fail_msg("%s is '%s', not '%s'", sites, text, expected);
    chains_free(chains);
    analyzed_free(&run);
    builder_free(&builder);
}

static void the_beginning_is_folded(void **state) {
    (void)state;
    expect("A12", true, "<A,1>12");
    expect("SAS12", true, "<_ZSt1Sv,3>12");
    expect("T12", true, "<_ZSt1tv,1>T12");
    expect("ST12", true, "<_ZSt1tv,2>T12");
    expect("1A2", true, "1A2");
    expect("A12", false, "A12");
    expect("SSSS1", true, "<_ZSt1Sv,4>1");
}

static void a_chain_of_nothing_else_is_shown(void **state) {
    (void)state;
    expect("A", true, "A");
    expect("SA", true, "_ZSt1SvA");
    expect("SSS", true, "_ZSt1Sv(1*2)");
}

static void library_frames_further_out_are_one_item(void **state) {
    (void)state;
    expect("1SA2", true, "1_ZSt1SvA2");
    expect("1ST2", true, "1[2]T2");
    expect("1STS2", true, "1[2]T_ZSt1Sv2");
    expect("1ST2", false, "1_ZSt1Sv_ZSt1tvT2");
}

static void cycles_are_given_once(void **state) {
    (void)state;
    expect("12", true, "12");
    expect("112", true, "1(1*1)2");
    expect("1112", true, "1(1*2)2");
    expect("1111", false, "1111");
    expect("1212123", true, "12(2*2)3");
    expect("12121", true, "12(2*1)1");
    expect("91234567812345678", true, "912345678(8*1)");
    expect("123456789123456789", true, "123456789123456789");
    expect("1123112345", true, "1(1*1)231(1*1)2345");
    expect("A1212", true, "<A,1>12(2*1)");
    expect("ATTT", true, "<_ZSt1tv,2>T(1*2)");
    expect("1S2S23", true, "1_ZSt1Sv2(2*1)3");
    expect("1SSS2", true, "1_ZSt1Sv(1*2)2");
}

/* Undoes the folding of cycles. */
static void unfold(const struct chains *chains, uint32_t context, char *out) {
    struct chain_reader reader;
    struct chain_item item;
    size_t size = 0;

    chain_begin(&reader, chains, context, true);
    while (chain_next(&reader, &item)) {
        if (item.kind == CHAIN_FRAME)
            out[size++] = chain_frame(&item.place)->function[0];
        for (uint32_t i = 0; item.kind == CHAIN_REPEATS && i < item.times; i++) {
            memcpy(out + size, out + size - item.count, item.count);
            size += item.count;
        }
    }
    out[size] = '\0';
}

static void nothing_is_lost_in_cycles(void **state) {
    uint32_t random = 12345;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        char sites[65] = "";
        char text[65];
        struct builder builder;
        struct analyzed run;
        struct chains *chains;

        for (uint32_t i = 0; i < 1 + (unsigned)round % 64; i++) {
            random = random * 1664525 + 1013904223;
            sites[i] = (char)('1' + (random >> 24) % (1 + (unsigned)round % 3));
        }
        define(&builder);
        add_chain(&builder, sites);
        analyze(&run, &builder);
        chains = chains_create(&run.trace);
        unfold(chains, (uint32_t)strlen(sites), text);
        assert_string_equal(text, sites);
        chains_free(chains);
        analyzed_free(&run);
        builder_free(&builder);
    }
}

static void the_unknown_context_has_a_frame(void **state) {
    struct builder builder;
    struct analyzed run;
    struct chains *chains;
    char text[64] = "";

    (void)state;
    define(&builder);
    builder_context(&builder, 1, 0, 4711);
    analyze(&run, &builder);
    chains = chains_create(&run.trace);
    describe(chains, 0, true, text);
    assert_string_equal(text, "[unknown]");
    describe(chains, 1, true, text);
    assert_string_equal(text, "[unknown]");
    chains_free(chains);
    analyzed_free(&run);
    builder_free(&builder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_functions_are_known_by_name),
        cmocka_unit_test(the_beginning_is_folded),
        cmocka_unit_test(a_chain_of_nothing_else_is_shown),
        cmocka_unit_test(library_frames_further_out_are_one_item),
        cmocka_unit_test(cycles_are_given_once),
        cmocka_unit_test(nothing_is_lost_in_cycles),
        cmocka_unit_test(the_unknown_context_has_a_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
