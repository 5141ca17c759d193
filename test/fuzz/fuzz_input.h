/* An input of fuzz_commands: which command is called how, then a trace, then what its live file
 * holds. make_seeds.py writes such inputs from traces, mutate.c changes them, fuzz_commands.c runs
 * them. */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stdint.h>

enum fuzz_flags {
    FUZZ_LIVE = 1 << 0,   /* a live file lies beside the trace */
    FUZZ_SECOND = 1 << 1, /* commands of several traces get another one, which follows as the first
                             one's child: it has the same bytes, and the ids of a child */
    FUZZ_CREW = 1 << 2,   /* events are decoded by other threads */
};

struct fuzz_head {
    uint8_t command; /* of the table, modulo its length */
    uint8_t flags;   /* enum fuzz_flags */
    uint16_t reserved;
    uint32_t trace_size; /* at most what follows; the rest is of the live file, */
    uint64_t choices;    /* three bits an option that may have one of several values */
};

/* which is a row of segments without the bytes that they do not use: a struct mt_live_head each,
 * and the `used` bytes, or words, that it tells of. */

_Static_assert(sizeof(struct fuzz_head) == 16, "make_seeds.py writes it");

#endif
