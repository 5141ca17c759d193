/* Calls by code that is not instrumented: their names, and ELF files of every kind. */
#define _GNU_SOURCE
#include "test.h"

#include "model/chains.h"
#include "model/foreign.h"
#include "util/elf_symbols.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int _Zglobal_function(int number);
int __under_scored(int number);
int under_scored(int number);

/* Different code, lest they become one. */
static volatile int sink;

__attribute__((noinline)) int _Zglobal_function(int number) {
    sink = number * 3;
    return sink + 1;
}

__attribute__((noinline)) int __under_scored(int number) {
    sink = number * 5;
    return sink - 7;
}

int under_scored(int number) __attribute__((weak, alias("__under_scored")));

__attribute__((noinline)) static int local_function(int number) {
    sink = number ^ 0x5a;
    return sink * 2;
}

static char self[4096];

static int first_object(struct dl_phdr_info *info, size_t size, void *bias) {
    (void)size;
    *(uintptr_t *)bias = info->dlpi_addr;
    return 1;
}

static uint64_t address_of(int (*function)(int)) {
    uintptr_t bias = 0;

    dl_iterate_phdr(first_object, &bias);
    return (uintptr_t)function - bias;
}

static int set_up(void **state) {
    (void)state;
    return readlink("/proc/self/exe", self, sizeof(self) - 1) < 0;
}

static int by_address(const void *left, const void *right) {
    const struct elf_wanted *a = left;
    const struct elf_wanted *b = right;

    return (a->address > b->address) - (a->address < b->address);
}

static void functions_are_found_by_address(void **state) {
    struct elf_wanted wanted[] = {
        {.address = address_of(_Zglobal_function)},
        {.address = address_of(local_function) + 1},
        {.address = address_of(__under_scored) + 2},
        {.address = 1},
        {.address = UINT64_MAX},
    };
    const size_t count = sizeof(wanted) / sizeof(wanted[0]);

    (void)state;
    qsort(wanted, count, sizeof(wanted[0]), by_address);
    elf_symbols_find(self, wanted, count);
    for (size_t i = 0; i < count; i++) {
        const char *expected = NULL;

        if (wanted[i].address == address_of(_Zglobal_function))
            expected = "_Zglobal_function";
        else if (wanted[i].address == address_of(local_function) + 1)
            expected = "local_function";
        else if (wanted[i].address == address_of(__under_scored) + 2)
            expected = "under_scored";
        if (expected)
            assert_string_equal(wanted[i].name, expected);
        else
            assert_null(wanted[i].name);
        free(wanted[i].name);
    }
    elf_symbols_find(self, wanted, 0);
}

static void what_is_no_module_names_nothing(void **state) {
    static const char *const paths[] = {"",          "relative",       "/nonexistent", "/",
                                        "/dev/zero", "/proc/self/mem", "/etc/passwd",  "[vdso]"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct elf_wanted wanted = {.address = 0x1000};

        elf_symbols_find(paths[i], &wanted, 1);
        assert_null(wanted.name);
    }
}

/* Damage in headers and tables, and files that are cut. */
static void malformed_files_do_no_harm(void **state) {
    char path[] = "/tmp/memtrack-elf-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fopen(self, "r");
    unsigned char *bytes, *damaged;
    size_t size;

    (void)state;
    assert_true(fd >= 0 && file);
    fseek(file, 0, SEEK_END);
    size = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(size);
    damaged = malloc(size);
    assert_int_equal(fread(bytes, 1, size, file), size);
    fclose(file);
    srand(7);
    for (int round = 0; round < 400; round++) {
        struct elf_wanted wanted[2] = {{.address = address_of(local_function)},
                                       {.address = UINT64_MAX}};
        size_t length = round % 4 ? size : (size_t)rand() % size;
        /* Section headers stand at the end, tables before them, the file's header at the start. */
        size_t part = round % 3 ? 8192 : 64;

        memcpy(damaged, bytes, size);
        for (int i = 0; i < 1 + rand() % 40; i++) {
            size_t at = (size_t)rand() % (part < size ? part : size);

            damaged[round % 3 == 1 ? at : size - 1 - at] = (unsigned char)rand();
        }
        if (round % 3 == 0)
            damaged[16 + rand() % 48] = (unsigned char)rand();
        assert_int_equal(pwrite(fd, damaged, length, 0), length);
        assert_int_equal(ftruncate(fd, (off_t)length), 0);
        elf_symbols_find(path, wanted, 2);
        free(wanted[0].name);
        free(wanted[1].name);
    }
    close(fd);
    unlink(path);
    free(bytes);
    free(damaged);
}

static const char *name_of(const struct trace *trace, uint32_t id) {
    return defs_site(&trace->defs, defs_context(&trace->defs, id))->frames[0].function;
}

static void open_trace(struct trace *trace, const struct builder *builder) {
    struct error error;

    assert_true(trace_open_bytes(trace, builder->file.data, builder->file.size, &error));
}

/* Sites 1 to 3 in this program, 4 and 5 in libraries that are gone; call 9 by local_function, with
 * something inlined. The offset is that of a return address: the byte before it counts. */
static void build(struct builder *builder, const char *caller) {
    const struct built_frame frames[] = {{"inlined", "a.c", 1, 1, 0}, {caller, "a.c", 2, 1, 0}};

    builder_begin(builder);
    builder_foreign_site(builder, 1, 11, MT_API_MALLOC, self, address_of(_Zglobal_function) + 1);
    builder_foreign_site(builder, 2, 12, MT_API_NEW, self, address_of(local_function) + 2);
    builder_foreign_site(builder, 3, 13, MT_API_MALLOC, self, address_of(local_function) + 4);
    builder_foreign_site(builder, 4, 14, MT_API_MALLOC, "/gone/libfoo.so.6", 0x1234);
    builder_foreign_site(builder, 5, 15, MT_API_MALLOC, "/gone/libc++.so.1", 0x1234);
    builder_foreign_site(builder, 6, 16, MT_API_MALLOC, "", 0x1234);
    builder_foreign_site(builder, 7, 17, MT_API_MALLOC, self, address_of(local_function));
    builder_site_of(builder, 9, 19, 0, MT_SITE_CALL, self, frames, 2);
    builder_context(builder, 9, 0, 9);
    for (uint32_t i = 1; i <= 7; i++)
        builder_context(builder, i, 9, i);
    builder_context(builder, 12, 0, 2);
    builder_context(builder, 22, 2, 1);
}

static void sites_get_names(void **state) {
    struct builder builder;
    struct trace traces[2];
    const struct context *contexts;
    struct error error;

    (void)state;
    build(&builder, "another");
    open_trace(&traces[0], &builder);
    open_trace(&traces[1], &builder);
    assert_string_equal(name_of(&traces[0], 1), "[unknown]");
    assert_true(foreign_resolve(traces, 2, &error));
    for (int i = 0; i < 2; i++) {
        const struct defs *defs = &traces[i].defs;

        assert_string_equal(name_of(&traces[i], 1), "_Zglobal_function");
        assert_string_equal(name_of(&traces[i], 2), "local_function");
        assert_string_equal(name_of(&traces[i], 3), "local_function");
        assert_string_equal(name_of(&traces[i], 4), "libfoo.so.6+0x1234");
        assert_string_equal(name_of(&traces[i], 5), "libc++.so.1+0x1234");
        assert_string_equal(name_of(&traces[i], 6), "[unknown]");
        assert_string_not_equal(name_of(&traces[i], 7), "local_function");
        assert_string_equal(name_of(&traces[i], 9), "inlined");
        assert_false(chains_foldable(&defs_site(defs, defs_context(defs, 4))->frames[0]));
        assert_true(chains_foldable(&defs_site(defs, defs_context(defs, 5))->frames[0]));
        contexts = defs->contexts.items;
        /* Two calls by one function are one in reports. */
        assert_int_equal(contexts[defs_context(defs, 2)].hash,
                         contexts[defs_context(defs, 3)].hash);
        assert_int_not_equal(contexts[defs_context(defs, 1)].hash,
                             contexts[defs_context(defs, 2)].hash);
        assert_int_equal(contexts[defs_context(defs, 2)].depth, 2);
        trace_close(&traces[i]);
    }
    builder_free(&builder);
}

static void a_functions_own_call_through_a_pointer_is_its_own(void **state) {
    static const char *const callers[] = {"local_function", "local_function.part.0",
                                          "local_functions", "local"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct builder builder;
        struct trace trace;
        const struct defs *defs = &trace.defs;
        const struct context *context;
        const struct site *site;
        struct error error;

        build(&builder, callers[i]);
        open_trace(&trace, &builder);
        assert_true(foreign_resolve(&trace, 1, &error));
        context = &defs->contexts.items[defs_context(defs, 2)];
        site = &defs->sites.items[context->site];
        assert_string_equal(name_of(&trace, 2), i < 2 ? "inlined" : "local_function");
        assert_int_equal(site->api, MT_API_NEW);
        assert_int_equal(context->depth, i < 2 ? 1 : 2);
        assert_int_equal(context->parent, i < 2 ? 0 : defs_context(defs, 9));
        assert_int_equal(site->flags, i < 2 ? 0 : MT_SITE_FOREIGN);
        assert_string_equal(name_of(&trace, 12), "local_function");
        assert_string_equal(name_of(&trace, 1), "_Zglobal_function");
        trace_close(&trace);
        builder_free(&builder);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_found_by_address),
        cmocka_unit_test(what_is_no_module_names_nothing),
        cmocka_unit_test(malformed_files_do_no_harm),
        cmocka_unit_test(sites_get_names),
        cmocka_unit_test(a_functions_own_call_through_a_pointer_is_its_own),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
