#include "util/format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *format_count(struct format_buffer *buffer, uint64_t count) {
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    char *out = buffer->text;

    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return buffer->text;
}

const char *format_bytes(struct format_buffer *buffer, uint64_t bytes) {
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    int unit = -1;

    if (bytes < 1024) {
        snprintf(buffer->text, sizeof(buffer->text), "%" PRIu64 " B", bytes);
        return buffer->text;
    }
    /* 1023.995 would be printed as 1024.00. */
    while (unit < 0 || (value >= 1023.995 && unit < 5)) {
        value /= 1024;
        unit++;
    }
    snprintf(buffer->text, sizeof(buffer->text), "%.2f %s", value, units[unit]);
    return buffer->text;
}

const char *format_duration(struct format_buffer *buffer, double ns) {
    char *text = buffer->text;
    size_t size = sizeof(buffer->text);

    if (ns < 999.5) {
        snprintf(text, size, "%.0f ns", ns);
    } else if (ns < 999.95e3) {
        snprintf(text, size, "%.1f µs", ns / 1e3);
    } else if (ns < 999.95e6) {
        snprintf(text, size, "%.1f ms", ns / 1e6);
    } else if (ns < 120e9) {
        snprintf(text, size, "%.3f s", ns / 1e9);
    } else if (ns < 1e18) {
        uint64_t seconds = (uint64_t)(ns / 1e9);

        if (seconds < 7200)
            snprintf(text, size, "%" PRIu64 " min %02" PRIu64 " s", seconds / 60, seconds % 60);
        else
            snprintf(text, size, "%" PRIu64 " h %02" PRIu64 " min", seconds / 3600,
                     seconds / 60 % 60);
    } else {
        snprintf(text, size, "%.3g s", ns / 1e9);
    }
    return text;
}

int format_width(const char *text, int columns) {
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xc0) == 0x80; /* what continues a character */
    return columns;
}

const char *format_share(struct format_buffer *buffer, uint64_t part, uint64_t whole) {
    if (whole == 0)
        strcpy(buffer->text, "-");
    else
        snprintf(buffer->text, sizeof(buffer->text), "%.1f %%",
                 100.0 * (double)part / (double)whole);
    return buffer->text;
}
