#include "util/glob.h"

/* On a mismatch, the last star takes one byte more; earlier ones need never be tried again. */
static bool match(const char *pattern, const char *text, bool question) {
    const char *star = NULL;
    const char *resume = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = text;
        } else if (*pattern && ((question && *pattern == '?') || *pattern == *text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool glob_match(const char *pattern, const char *text) {
    return match(pattern, text, true);
}

bool glob_match_stars(const char *pattern, const char *text) {
    return match(pattern, text, false);
}
