#include "util/text_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_all(FILE *file, size_t limit, size_t *size) {
    size_t capacity = 4096;
    char *text = malloc(capacity);

    *size = 0;
    errno = 0;
    while (text) {
        char *larger;

        *size += fread(text + *size, 1, capacity - 1 - *size, file);
        if (*size < capacity - 1 || *size > limit)
            break;
        capacity *= 2;
        larger = realloc(text, capacity);
        if (!larger)
            free(text);
        text = larger;
    }
    if (text)
        text[*size] = '\0';
    return text;
}

char *text_file_read(const char *path, size_t limit, size_t *size, struct error *error) {
    FILE *file = fopen(path, "re");
    char *text;

    if (!file) {
        error_set(error, "%s: cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    text = read_all(file, limit, size);
    if (!text) {
        error_no_memory(error);
    } else if (ferror(file)) {
        error_set(error, "%s: cannot be read: %s", path, strerror(errno ? errno : EIO));
        free(text);
        text = NULL;
    } else if (*size > limit) {
        error_set(error, "%s: is larger than %zu bytes, which no such file is", path, limit);
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

char *text_trim(char *text) {
    char *end = text + strlen(text);

    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

char *text_next_line(struct text_lines *lines) {
    char *line = lines->next;
    char *end;

    if (!line || !*line)
        return NULL;
    end = strchr(line, '\n');
    lines->next = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    lines->number++;
    return text_trim(line);
}
