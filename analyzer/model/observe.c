#include "model/observe.h"

#include <stdlib.h>

bool observers_create(struct observers *observers, const struct observer_request *requests,
                      size_t count, const struct trace *trace) {
    *observers = (struct observers){.items = calloc(count + 1, sizeof(*observers->items))};
    if (!observers->items)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct observer *observer = requests[i].ops->create(trace, requests[i].options);

        if (!observer) {
            observers_free(observers);
            return false;
        }
        observer->ops = requests[i].ops;
        observers->items[observers->count++] = observer;
    }
    return true;
}

void observers_free(struct observers *observers) {
    for (size_t i = 0; i < observers->count; i++)
        observers->items[i]->ops->destroy(observers->items[i]);
    free(observers->items);
    free(observers->places);
    *observers = (struct observers){0};
}

void observers_limit(struct observers *observers, bool *places) {
    observers->places = places;
    for (size_t i = 0; i < observers->count; i++)
        observers->items[i]->places = observers->items[i]->ops->all_places ? NULL : places;
}

bool observers_finish(struct observers *observers, const struct live_table *left,
                      const struct selected *selected, uint64_t last_ticks) {
    bool good = true;

    for (size_t i = 0; i < observers->count; i++) {
        struct observer *observer = observers->items[i];

        observer->selected = selected;
        if (observer->ops->finish)
            observer->ops->finish(observer, left, last_ticks);
        good &= !observer->failed;
    }
    return good;
}

static inline bool is_told(const struct observer *observer, const struct live_block *block) {
    return !observer->places || observer->places[block->context];
}

void observers_begin(const struct observers *observers, const struct live_block *block,
                     unsigned op) {
    for (size_t i = 0; i < observers->count; i++) {
        struct observer *observer = observers->items[i];

        if (observer->ops->begins && is_told(observer, block))
            observer->ops->begins(observer, block, op);
    }
}

void observers_end(const struct observers *observers, const struct live_block *block,
                   uint64_t ticks) {
    for (size_t i = 0; i < observers->count; i++) {
        struct observer *observer = observers->items[i];

        if (observer->ops->ends && is_told(observer, block))
            observer->ops->ends(observer, block, ticks);
    }
}

void observers_freed(const struct observers *observers, const struct live_block *block,
                     const struct block_free *by) {
    for (size_t i = 0; i < observers->count; i++) {
        struct observer *observer = observers->items[i];

        if (observer->ops->freed && is_told(observer, block))
            observer->ops->freed(observer, block, by);
    }
}
