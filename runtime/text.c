#include "text.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

uintptr_t mt_text_take_hex(const char **at, const char *end) {
    uintptr_t value = 0;

    for (; *at < end; ++*at) {
        unsigned digit = (unsigned char)**at;

        digit = digit - '0' < 10u ? digit - '0' : digit - 'a' < 6u ? digit - 'a' + 10 : 16;
        if (digit == 16)
            break;
        value = value << 4 | digit;
    }
    return value;
}

size_t mt_text_read_file(const char *path, char *text, size_t size) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? 0 : read(file, text, size - 1);

    if (file >= 0)
        close(file);
    text[length > 0 ? length : 0] = 0;
    return length > 0 ? (size_t)length : 0;
}
