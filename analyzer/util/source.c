#define _GNU_SOURCE
#include "util/source.h"

#include "util/names.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAX_SIZE = 64 << 20,
    TAB = 8,
    LOOKED_AT = 8192, /* for what no text has */
};

/* Not what blocks or never ends. */
static int open_regular(const char *path, struct stat *status) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd >= 0 && (fstat(fd, status) != 0 || !S_ISREG(status->st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

/* -1 if there is no such file, -2 for lack of memory. Takes the path it makes. */
static int open_in(struct source *source, const char *directory, const char *path,
                   struct stat *status) {
    char *whole;
    int fd;

    if (asprintf(&whole, "%s%s%s", directory, directory[0] ? "/" : "", path) < 0)
        return -2;
    fd = open_regular(whole, status);
    if (fd < 0)
        free(whole);
    else
        source->path = whole;
    return fd;
}

/* With ever fewer leading components. */
static int open_below(struct source *source, const char *directory, const char *path,
                      struct stat *status) {
    int fd = -1;

    while (fd == -1 && path) {
        path += strspn(path, "/");
        fd = open_in(source, directory, path, status);
        path = strchr(path, '/');
    }
    return fd;
}

static int open_source(struct source *source, const char *path, const struct source_search *search,
                       struct stat *status) {
    int fd = -1;

    for (size_t i = 0; fd == -1 && i < search->directory_count; i++)
        fd = open_below(source, search->directories[i], path, status);
    if (fd == -1)
        fd = open_in(source, "", path, status);
    if (fd == -1 && path[0] != '/' && search->base[0])
        fd = open_in(source, search->base, path, status);
    return fd;
}

static bool read_text(struct source *source, int fd, size_t size) {
    source->text = malloc(size + 1);
    if (!source->text)
        return false;
    while (source->size < size) {
        ssize_t count = read(fd, source->text + source->size, size - source->size);

        if (count <= 0)
            break;
        source->size += (size_t)count;
    }
    return true;
}

static bool find_lines(struct source *source) {
    const char *at = source->text, *end = at + source->size;

    while (at < end) {
        size_t *line = MT_LIST_ADD(source->lines);
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        if (!line)
            return false;
        *line = (size_t)(at - source->text);
        at = newline ? newline + 1 : end;
    }
    return true;
}

bool source_read(struct source *source, const char *path, const struct source_search *search) {
    struct stat status;
    int fd;
    bool good = true;

    *source = (struct source){0};
    fd = open_source(source, path, search, &status);
    if (fd < 0)
        return fd == -1;
    source->changed = status.st_mtim;
    if (status.st_size > MAX_SIZE)
        source->fault = "is larger than 64 MiB";
    else
        good = read_text(source, fd, (size_t)status.st_size);
    close(fd);
    if (good && source->text &&
        memchr(source->text, 0, source->size < LOOKED_AT ? source->size : LOOKED_AT))
        source->fault = "is no text";
    return good && (source->fault || find_lines(source));
}

void source_free(struct source *source) {
    free(source->path);
    free(source->text);
    free(source->lines.items);
    *source = (struct source){0};
}

/* To be freed; NULL when memory is short. */
static char *expand_tabs(const char *bytes, size_t size, size_t *expanded) {
    char *text = malloc(size * TAB + 1);
    size_t used = 0;

    for (size_t i = 0; text && i < size; i++) {
        if (bytes[i] != '\t')
            text[used++] = bytes[i];
        else
            do
                text[used++] = ' ';
            while (used % TAB);
    }
    *expanded = used;
    return text;
}

char *source_line(const struct source *source, size_t number, size_t columns) {
    static const char cut[] = "...";
    const size_t longest = 16 * columns; /* bytes: there is no need to look at more */
    size_t begin, size, expanded_size;
    char *expanded, *line;

    if (number == 0 || number > source->lines.count)
        return NULL;
    begin = source->lines.items[number - 1];
    size = (number < source->lines.count ? source->lines.items[number] : source->size) - begin;
    while (size && strchr("\r\n", source->text[begin + size - 1]))
        size--;
    size = size < longest ? size : longest;
    expanded = expand_tabs(source->text + begin, size, &expanded_size);
    line = expanded ? names_utf8(expanded, expanded_size) : NULL;
    free(expanded);
    if (line && names_width(line) > columns)
        strcpy(line + names_prefix(line, columns - strlen(cut)), cut);
    return line;
}
