#include "model/advice/floors.h"

#include "util/list.h"

#include <stdlib.h>

void floors_init(struct floors *floors) {
    *floors = (struct floors){.stride = 1, .left = 1};
}

void floors_free(struct floors *floors) {
    free(floors->courses);
    *floors = (struct floors){0};
}

void floors_fill(struct floors *floors, struct floor *floor) {
    float *lows = floors->courses[floor->course - 1].lows;

    lows[floor->filled++] = (float)floor->low;
    while (floor->filled < floors->now)
        lows[floor->filled++] = (float)floor->live;
    floor->low = floor->live;
}

bool floors_start(struct floors *floors, struct floor *floor) {
    struct course *course = list_add((void **)&floors->courses, &floors->count, &floors->capacity,
                                     sizeof(*floors->courses));

    if (!course)
        return false;
    course->owner = floor;
    for (uint32_t i = 0; i < floors->now; i++)
        course->lows[i] = (float)floor->live;
    floor->low = floor->live;
    floor->filled = floors->now;
    floor->course = (uint32_t)floors->count;
    return true;
}

static void halve(struct floors *floors) {
    uint32_t half = MT_FLOOR_INTERVALS / 2;

    for (size_t i = 0; i < floors->count; i++) {
        struct course *course = &floors->courses[i];
        float *lows = course->lows;

        floors_touch(floors, course->owner);
        for (uint32_t k = 0; k < half; k++)
            lows[k] = lows[2 * k] < lows[2 * k + 1] ? lows[2 * k] : lows[2 * k + 1];
        course->owner->filled = half;
    }
    for (uint32_t k = 0; k < half; k++)
        floors->ends[k] = floors->ends[2 * k + 1];
    floors->now = half;
    floors->stride *= 2;
}

void floors_next(struct floors *floors, const struct interval_end *end) {
    floors->ends[floors->now++] = *end;
    if (floors->now == MT_FLOOR_INTERVALS)
        halve(floors);
    floors->left = floors->stride;
}

size_t floors_values(struct floors *floors, struct floor *floor,
                     double values[MT_FLOOR_INTERVALS]) {
    if (!floor->course)
        return 0;
    floors_touch(floors, floor);
    for (uint32_t i = 0; i < floors->now; i++)
        values[i] = (double)floors->courses[floor->course - 1].lows[i];
    return floors->now;
}
