/* Numbers for people. Each function writes into the caller's buffer and returns it, so that a call
 * can stand among printf's arguments. */
#ifndef MT_UTIL_FORMAT_H
#define MT_UTIL_FORMAT_H

#include <stdint.h>

struct format_buffer {
    char text[40];
};

/* 1234567 → "1,234,567" */
const char *format_count(struct format_buffer *buffer, uint64_t count);

/* 1536 → "1.50 KiB"; below 1 KiB "17 B" */
const char *format_bytes(struct format_buffer *buffer, uint64_t bytes);

/* 1.5e9 → "1.500 s"; picks ns, µs, ms, s, min or h */
const char *format_duration(struct format_buffer *buffer, double ns);

/* The width to give to printf for a text to be that many columns wide: it counts bytes. */
int format_width(const char *text, int columns);

/* 0.5 → "50.0 %"; a part of nothing is "-" */
const char *format_share(struct format_buffer *buffer, uint64_t part, uint64_t whole);

#endif
