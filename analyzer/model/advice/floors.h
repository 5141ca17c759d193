/* The course of live bytes, of each context and function, in bounded memory: the least of every
 * interval of equally many allocations. There are always 32 to 64 intervals; when there would be
 * more, two become one. A course is written only where something changes, and only of what has
 * allocated a few times.
 *
 * Intervals count allocations rather than time: then a program that waits has no other course, and
 * what it frees at its end takes no room in it.
 */
#ifndef MT_MODEL_ADVICE_FLOORS_H
#define MT_MODEL_ADVICE_FLOORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MT_FLOOR_INTERVALS = 64 };

/* Of one context or function; zero at first. It stays where it is. */
struct floor {
    uint64_t live;
    uint64_t low;    /* the least of the current interval */
    uint32_t filled; /* intervals written */
    uint32_t course; /* index from 1; 0: none yet */
};

struct course {
    struct floor *owner;
    float lows[MT_FLOOR_INTERVALS];
};

/* What the program had done at the end of an interval. */
struct interval_end {
    uint64_t ticks;
    uint64_t allocations; /* none of these by realloc */
    uint64_t frees;
    uint64_t live;
    uint64_t allocated_bytes;
};

struct floors {
    struct course *courses;
    size_t count;
    size_t capacity;
    struct interval_end ends[MT_FLOOR_INTERVALS];
    uint32_t now; /* the current interval */
    uint64_t stride;
    uint64_t left; /* allocations until it ends */
};

void floors_init(struct floors *floors);
void floors_free(struct floors *floors);

/* Begins the course of a floor that has none; what was before counts as what is now. False when
 * memory is short. */
bool floors_start(struct floors *floors, struct floor *floor);

/* Ends the current interval. */
void floors_next(struct floors *floors, const struct interval_end *end);

/* The values of a floor's course, up to the last whole interval: how many there are. */
size_t floors_values(struct floors *floors, struct floor *floor, double values[MT_FLOOR_INTERVALS]);

void floors_fill(struct floors *floors, struct floor *floor);

static inline void floors_touch(struct floors *floors, struct floor *floor) {
    if (floor->filled != floors->now && floor->course)
        floors_fill(floors, floor);
}

static inline void floors_add(struct floors *floors, struct floor *floor, uint64_t bytes) {
    floors_touch(floors, floor);
    floor->live += bytes;
}

static inline void floors_subtract(struct floors *floors, struct floor *floor, uint64_t bytes) {
    floors_touch(floors, floor);
    floor->live -= bytes;
    if (floor->live < floor->low)
        floor->low = floor->live;
}

/* After an allocation: whether the interval is over. */
static inline bool floors_tick(struct floors *floors) {
    return --floors->left == 0;
}

#endif
