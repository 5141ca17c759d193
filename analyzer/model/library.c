#include "model/library.h"

#include <string.h>

static bool starts_with(const char *text, const char *beginning) {
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Skips what may stand before the first component of a nested name: N, then qualifiers of a member
 * function. */
static const char *first_component(const char *encoding) {
    if (*encoding != 'N')
        return encoding;
    encoding++;
    encoding += strspn(encoding, "rVK");
    return encoding + (*encoding == 'R' || *encoding == 'O');
}

static bool is_operator(const char *encoding) {
    static const char *const names[] = {"nw", "na", "dl", "da"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (starts_with(encoding, names[i]))
            return true;
    }
    return false;
}

bool library_function(const char *linkage_name) {
    const char *at = linkage_name;

    if (at[0] != '_' || at[1] != 'Z')
        return starts_with(at, "operator new") || starts_with(at, "operator delete");
    /* Each Z is a function that encloses what is named: a lambda in std::call_once, say. */
    at += 1 + strspn(at + 1, "Z");
    if (is_operator(at))
        return true;
    at = first_component(at);
    /* St is std::, the other letters stand for members of it, like Sa for std::allocator. */
    return (at[0] == 'S' && at[1] && strchr("tabsiod", at[1])) || starts_with(at, "9__gnu_cxx");
}

bool library_frame(const struct frame *frame) {
    return (frame->flags & MT_FRAME_LIBRARY) != 0 || library_function(frame->function);
}
