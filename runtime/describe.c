#define _GNU_SOURCE
#include "describe.h"

#include "object.h"
#include "options.h"
#include "os_memory.h"
#include "real.h"
#include "sample.h"
#include "text.h"
#include "version.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static struct mt_bytes payload;

bool mt_describe_start(void) {
    if (!payload.data)
        payload.data = mt_os_memory_map(MT_DESCRIBE_MAX);
    return payload.data != NULL;
}

static void put(struct mt_bytes *out, enum mt_block_kind kind, uint32_t count) {
    mt_block_put(out, (struct mt_block_header){.kind = kind, .count = count}, &payload);
    payload.size = 0;
}

static void add_pair(const char *key, const char *value, size_t length) {
    mt_bytes_add_string(&payload, key, strlen(key));
    mt_bytes_add_string(&payload, value, length);
}

static void add_number(const char *key, uint64_t number) {
    char digits[24];
    struct mt_text text = MT_TEXT(digits);

    mt_text_add_number(&text, number);
    add_pair(key, digits, text.length);
}

void mt_describe_put_process(struct mt_bytes *out, const struct mt_describe_parent *parent) {
    static char buffer[65536];
    struct utsname system;
    ssize_t length;
    const char *capture = mt_real_capture(), *program = mt_object_program();
    const char *sample = mt_sample_description();
    uint32_t count = 3;
    int file;

    add_pair("version", MT_VERSION, strlen(MT_VERSION));
    add_pair("capture", capture, strlen(capture));
    add_pair("sample", sample, strlen(sample));
    if (program[0]) {
        add_pair("executable", program, strlen(program));
        count++;
    }
    file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    length = file < 0 ? 0 : read(file, buffer, sizeof buffer);
    if (file >= 0)
        close(file);
    if (length > 0) {
        add_pair("command", buffer, (size_t)length - (buffer[length - 1] == 0));
        count++;
    }
    if (getcwd(buffer, sizeof buffer)) {
        add_pair("cwd", buffer, strlen(buffer));
        count++;
    }
    if (uname(&system) == 0) {
        add_pair("host", system.nodename, strlen(system.nodename));
        add_pair("arch", system.machine, strlen(system.machine));
        count += 2;
    }
    if (mt_options.given[0]) {
        add_pair("options", mt_options.given, strlen(mt_options.given));
        count++;
    }
    if (parent->trace[0]) {
        add_pair("parent_trace", parent->trace, strlen(parent->trace));
        count++;
    }
    if (parent->fork_ticks) {
        add_number("fork_ticks", parent->fork_ticks);
        count++;
    }
    put(out, MT_BLOCK_PROCESS, count);
}

void mt_describe_put_clock(struct mt_bytes *out) {
    mt_bytes_add_u64(&payload, mt_clock_ticks());
    mt_bytes_add_u64(&payload, mt_clock_nanoseconds(CLOCK_MONOTONIC));
    mt_bytes_add_u64(&payload, mt_clock_nanoseconds(CLOCK_REALTIME));
    put(out, MT_BLOCK_CLOCK, 1);
}

void mt_describe_put_loss(struct mt_bytes *out, uint32_t thread, uint64_t events,
                          enum mt_loss_reason reason) {
    if (!events)
        return;
    mt_bytes_add_varint(&payload, thread);
    mt_bytes_add_varint(&payload, events);
    mt_bytes_add_u8(&payload, (uint8_t)reason);
    put(out, MT_BLOCK_LOSS, 1);
}

void mt_describe_put_end(struct mt_bytes *out, const struct mt_describe_end *end) {
    mt_bytes_add_u8(&payload, (uint8_t)end->reason);
    mt_bytes_add_varint(&payload, mt_clock_ticks());
    mt_bytes_add_varint(&payload, end->events);
    mt_bytes_add_varint(&payload, end->lost);
    mt_bytes_add_varint(&payload, end->writer_ns);
    mt_bytes_add_varint(&payload, mt_os_memory_mapped());
    put(out, MT_BLOCK_END, 1);
}
