#include "output/output.h"

#include <string.h>

const struct output_ops *output_find(const char *name) {
    static const struct output_ops *const formats[] = {&output_text, &output_json};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    }
    return NULL;
}
