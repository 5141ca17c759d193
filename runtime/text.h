/* Strings built in a caller's array, without stdio: the runtime runs inside other people's
 * malloc calls, where printf may allocate or take locks. What does not fit is cut off; the result
 * is always terminated. */
#ifndef MT_TEXT_H
#define MT_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct mt_text {
    char *data;
    size_t capacity; /* including the terminator; at least 1 */
    size_t length;
};

/* `array` has to be an array, not a pointer. */
#define MT_TEXT(array) ((struct mt_text){(array), sizeof(array), ((array)[0] = 0)})

void mt_text_add(struct mt_text *text, const char *string);
void mt_text_add_bytes(struct mt_text *text, const char *bytes, size_t length);
void mt_text_add_number(struct mt_text *text, uint64_t number);

/* What stands after the last slash. */
const char *mt_text_base_name(const char *path);

/* The number in front of `*at`, in lower-case digits, which are passed over. */
uintptr_t mt_text_take_hex(const char **at, const char *end);

/* A small file, as text: returns its length, 0 if it cannot be read. */
size_t mt_text_read_file(const char *path, char *text, size_t size);

#endif
