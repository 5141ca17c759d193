#include "text.h"

#include <string.h>

void mt_text_add_bytes(struct mt_text *text, const char *bytes, size_t length) {
    size_t room = text->capacity - 1 - text->length;

    if (length > room)
        length = room;
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = 0;
}

void mt_text_add(struct mt_text *text, const char *string) {
    mt_text_add_bytes(text, string, strlen(string));
}

void mt_text_add_number(struct mt_text *text, uint64_t number) {
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    mt_text_add_bytes(text, digits + at, sizeof digits - at);
}

const char *mt_text_base_name(const char *path) {
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}
