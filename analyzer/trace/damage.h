/* What of a trace could not be read. Everything that is skipped is counted here, so that a report
 * can say what it is missing. */
#ifndef MT_TRACE_DAMAGE_H
#define MT_TRACE_DAMAGE_H

#include <stddef.h>
#include <stdint.h>

enum { MT_DAMAGE_KEPT = 32 };

struct damage_place {
    uint64_t offset; /* in the file */
    uint64_t size;   /* bytes that could not be used */
    char rule[104];  /* what is wrong there */
};

struct damage {
    uint64_t bytes;
    uint64_t count;                             /* places, also those not kept */
    struct damage_place places[MT_DAMAGE_KEPT]; /* the first ones */
};

void damage_note(struct damage *damage, uint64_t offset, uint64_t size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
