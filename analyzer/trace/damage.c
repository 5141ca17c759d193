#include "trace/damage.h"

#include <stdarg.h>
#include <stdio.h>

void damage_note(struct damage *damage, uint64_t offset, uint64_t size, const char *format, ...) {
    struct damage_place *place;
    va_list arguments;

    damage->bytes += size;
    if (damage->count++ >= MT_DAMAGE_KEPT)
        return;
    place = &damage->places[damage->count - 1];
    place->offset = offset;
    place->size = size;
    va_start(arguments, format);
    vsnprintf(place->rule, sizeof(place->rule), format, arguments);
    va_end(arguments);
}
