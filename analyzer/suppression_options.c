#include "suppression_options.h"

#include "commands.h"
#include "util/text_file.h"

#include <stdlib.h>

enum { MAX_FILE = 64 << 20 };

int suppressions_load(struct suppressions *suppressions, const char *path) {
    struct error error;
    size_t size;
    char *text = text_file_read(path, MAX_FILE, &size, &error);
    bool good = text && suppressions_parse(suppressions, path, text, &error);

    free(text);
    return good ? STATUS_OK : command_error("%s", error.text);
}
