#include "util/names.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Beyond this nobody reads it: a short name can stand for one that grows without end, as each part
 * may repeat all before it twice. */
enum { MAX_DEMANGLED = 64 << 10 };

struct demangled {
    char *text;
    size_t size;
    size_t capacity;
    jmp_buf enough;
};

/* The demangler allocates nothing, so that it can be left where it stands. */
static void take_piece(const char *piece, size_t size, void *data) {
    struct demangled *demangled = data;

    if (demangled->size + size >= demangled->capacity) {
        size_t capacity = 2 * (demangled->size + size) + 128;
        char *text = capacity > 4 * MAX_DEMANGLED ? NULL : realloc(demangled->text, capacity);

        if (!text)
            longjmp(demangled->enough, 1);
        demangled->text = text;
        demangled->capacity = capacity;
    }
    memcpy(demangled->text + demangled->size, piece, size);
    demangled->size += size;
    demangled->text[demangled->size] = '\0';
    if (demangled->size > MAX_DEMANGLED)
        longjmp(demangled->enough, 1);
}

char *names_demangle(const char *linkage_name) {
    struct demangled demangled;

    if (strncmp(linkage_name, "_Z", 2) != 0)
        return strdup(linkage_name);
    demangled.text = NULL;
    demangled.size = demangled.capacity = 0;
    if (setjmp(demangled.enough) == 0 &&
        cplus_demangle_v3_callback(linkage_name, DMGL_PARAMS | DMGL_TYPES, take_piece,
                                   &demangled) &&
        demangled.text)
        return demangled.text;
    free(demangled.text);
    return strdup(linkage_name);
}

/* Bytes of the valid, printable character at `at`, 0 if there is none. */
static size_t character_size(const unsigned char *at, size_t left) {
    static const unsigned minimum[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    unsigned value = at[0];

    if (size == 1)
        return at[0] >= 0x20 && at[0] != 0x7f;
    if (at[0] < 0xc2 || at[0] > 0xf4 || size > left)
        return 0;
    value &= 0xffu >> (size + 1);
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (at[i] & 0x3f);
    }
    if (value < minimum[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ||
        value < 0xa0)
        return 0;
    return size;
}

char *names_utf8(const char *bytes, size_t size) {
    char *result = malloc(3 * size + 1);
    char *out = result;

    if (!result)
        return NULL;
    while (size) {
        size_t step = character_size((const unsigned char *)bytes, size);

        if (step) {
            memcpy(out, bytes, step);
            out += step;
        } else {
            memcpy(out, "\xef\xbf\xbd", 3);
            out += 3;
            step = 1;
        }
        bytes += step;
        size -= step;
    }
    *out = '\0';
    return result;
}

static void replace_all(char *text, const char *what, const char *by) {
    size_t what_size = strlen(what);
    size_t by_size = strlen(by);

    while ((text = strstr(text, what))) {
        memmove(text + by_size, text + what_size, strlen(text + what_size) + 1);
        memcpy(text, by, by_size);
        text += by_size;
    }
}

/* The `>` that closes the `<` before `at`, or NULL. */
static char *closing_bracket(char *at) {
    for (int depth = 1; *at; at++) {
        if (*at == '<')
            depth++;
        else if (*at == '>' && at[-1] != '-' && --depth == 0)
            return at;
    }
    return NULL;
}

/* Removes `, WHAT<...>` wherever it is the last template argument. */
static void drop_last_argument(char *text, const char *what) {
    while ((text = strstr(text, what))) {
        char *end = closing_bracket(text + strlen(what));
        char *after = end ? end + 1 : NULL;

        while (after && *after == ' ')
            after++;
        if (after && *after == '>')
            memmove(text, after, strlen(after) + 1);
        else
            text++;
    }
}

/* Whether a bracket is part of an operator's name: operator<, operator->, operator() and so on. */
static bool is_operator_sign(const char *name, const char *at) {
    static const char word[] = "operator";
    const size_t size = sizeof(word) - 1;
    const char *start = at;

    while (start > name && at - start < 2 && strchr("<>-(", start[-1]))
        start--;
    if ((size_t)(start - name) < size || memcmp(start - size, word, size) != 0)
        return false;
    switch (*at) {
    case '(':
        return at == start;
    case ')':
        return at - start == 1 && at[-1] == '(';
    default:
        return at - start < 2;
    }
}

static int depth_change(const char *name, const char *at) {
    int change = strchr("<({", *at) ? 1 : strchr(">)}", *at) ? -1 : 0;

    return change && is_operator_sign(name, at) ? 0 : change;
}

/* The bracket that closes the one at `open`, or NULL. */
static char *group_end(const char *name, char *open) {
    int depth = 0;

    for (char *at = open; *at; at++) {
        depth += depth_change(name, at);
        if (depth == 0)
            return at;
    }
    return NULL;
}

/* Replaces what stands between outermost brackets of one kind by three dots. */
static void collapse(char *name, char open) {
    for (char *at = name; *at; at++) {
        char *end = depth_change(name, at) > 0 ? group_end(name, at) : at;

        if (!end)
            return;
        if (*at == open && end - at > 4) {
            memcpy(at + 1, "...", 3);
            memmove(at + 4, end, strlen(end) + 1);
            end = at + 4;
        }
        at = end;
    }
}

/* The place where the name proper begins: behind the last space outside of brackets that precedes
 * the parameters. */
static char *skip_return_type(char *name) {
    char *start = name;

    for (char *at = name; *at; at++) {
        char *end = depth_change(name, at) > 0 ? group_end(name, at) : at;

        /* Behind "operator " stands a type, or the template arguments of an operator. */
        if (!end || *at == '(' || strncmp(at, "operator", 8) == 0)
            break;
        at = end;
        if (*at == ' ')
            start = at + 1;
    }
    return start;
}

void names_simplify(char *name) {
    char *start;

    /* The analyzer's own words, like a tag. */
    if (name[0] == '[')
        return;
    replace_all(name, "(anonymous namespace)", "{anonymous}");
    replace_all(name, "std::__cxx11::", "std::");
    replace_all(name, "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
                "std::string");
    drop_last_argument(name, ", std::allocator<");
    drop_last_argument(name, ", std::default_delete<");
    replace_all(name, " >", ">");
    start = skip_return_type(name);
    if (*start && strchr(name, '('))
        memmove(name, start, strlen(start) + 1);
}

/* A parenthesis behind which more of the name comes encloses the parameters of an enclosing
 * function: f(int)::{lambda()#1}::operator()(). */
void names_drop_parameters(char *name) {
    char *parameters = NULL;

    for (char *at = name; *at; at++) {
        char *end = depth_change(name, at) > 0 ? group_end(name, at) : at;

        if (!end)
            return;
        if (*at == '(' && end > at && !strstr(end, "::"))
            parameters = at;
        at = end;
    }
    if (parameters && parameters > name)
        *parameters = '\0';
}

void names_shorten(char *name, size_t columns) {
    if (names_width(name) > columns)
        collapse(name, '(');
    if (names_width(name) > columns)
        collapse(name, '<');
}

static bool starts_character(char byte) {
    return (byte & 0xc0) != 0x80;
}

size_t names_width(const char *text) {
    size_t width = 0;

    for (; *text; text++)
        width += starts_character(*text);
    return width;
}

size_t names_prefix(const char *text, size_t columns) {
    size_t size = 0;

    for (; text[size]; size++) {
        if (starts_character(text[size]) && columns-- == 0)
            break;
    }
    return size;
}

const char *names_suffix(const char *text, size_t columns) {
    size_t width = names_width(text);
    size_t skip = width > columns ? width - columns : 0;

    return text + names_prefix(text, skip);
}
