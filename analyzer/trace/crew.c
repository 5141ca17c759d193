#define _GNU_SOURCE
#include "trace/crew.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

enum {
    /* A trace of fewer events is decoded in less time than threads take to be of use. */
    LEAST_EVENTS = 1 << 18,
    /* Decoded ahead in a stream, which is left alone until half of that is taken. Small enough to
     * stay in a cache. */
    AHEAD_EVENTS = 16 * MT_DECODE_CHUNK,
    /* In all. A group of predicted blocks takes up to 16 MiB. */
    HELD_BYTES = 48 << 20,
    /* Segments of a stream that are decoded beside the one that is needed first. */
    BESIDE = 4,
};

struct crew {
    pthread_mutex_t mutex;
    pthread_cond_t work;    /* for idle threads */
    pthread_cond_t arrived; /* for those that wait for events */
    pthread_t threads[MT_MAX_JOBS];
    unsigned count;
    unsigned idle;
    unsigned waiting;
    unsigned users;
    bool stopping;
    size_t held;
    /* Lanes whose front is to be decoded, as a binary heap by `until`. */
    struct lane **queue;
    size_t queued;
    size_t places; /* that lanes have reserved */
    size_t capacity;
    struct lane *starving; /* what is next in it is being decoded, but not fast enough; or NULL */
};

/* The crew there is, and how the next one is to be. The lock is for joining and leaving. */
static pthread_mutex_t joining = PTHREAD_MUTEX_INITIALIZER;
static struct crew *present;
static unsigned configured_jobs;
static uint64_t least_events = LEAST_EVENTS;

void crew_set_jobs(unsigned jobs) {
    configured_jobs = jobs;
}

void crew_set_least(uint64_t events) {
    least_events = events;
}

static unsigned cpus(void) {
    cpu_set_t set;

    /* Fails where there are more CPUs than a set has room for. */
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : MT_MAX_JOBS;
}

/* The queue. */

static void place(struct crew *crew, size_t at, struct lane *lane) {
    crew->queue[at] = lane;
    lane->place = at + 1;
}

static void sift(struct crew *crew, size_t at, struct lane *lane) {
    while (at > 0 && crew->queue[(at - 1) / 2]->until > lane->until) {
        place(crew, at, crew->queue[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * at + 1;

        if (child + 1 < crew->queued && crew->queue[child + 1]->until < crew->queue[child]->until)
            child++;
        if (child >= crew->queued || crew->queue[child]->until >= lane->until)
            break;
        place(crew, at, crew->queue[child]);
        at = child;
    }
    place(crew, at, lane);
}

static void leave_queue(struct crew *crew, struct lane *lane) {
    size_t at = lane->place - 1;

    if (!lane->place)
        return;
    lane->place = 0;
    crew->queued--;
    if (at < crew->queued)
        sift(crew, at, crew->queue[crew->queued]);
}

bool crew_reserve(struct crew *crew, size_t lanes) {
    size_t places = crew->places + lanes;

    if (places > crew->capacity) {
        struct lane **grown = realloc(crew->queue, places * sizeof(struct lane *));

        if (!grown)
            return false;
        crew->queue = grown;
        crew->capacity = places;
    }
    crew->places = places;
    return true;
}

void crew_see(struct crew *crew, struct lane *lane) {
    bool more = lane_has_more(lane) && !lane->forgotten;

    if (!crew)
        return;
    if (crew->waiting)
        pthread_cond_broadcast(&crew->arrived);
    if (crew->starving == lane && (lane->ready > AHEAD_EVENTS / 2 || !more))
        crew->starving = NULL;
    if (lane->ready <= AHEAD_EVENTS / 2)
        lane->filling = true;
    else if (lane->ready >= AHEAD_EVENTS)
        lane->filling = false;
    if (!more || !lane->filling || (lane->front && lane->front->busy))
        leave_queue(crew, lane);
    else
        sift(crew, lane->place ? lane->place - 1 : crew->queued++, lane);
    if (crew->idle && crew->queued && crew->held < HELD_BYTES / 2)
        pthread_cond_signal(&crew->work);
}

void crew_forget(struct crew *crew, struct lane *lane) {
    lane->forgotten = true;
    crew_see(crew, lane);
    crew->places--;
}

/* A segment of the lane that can be decoded beside the one that is needed first; or NULL. */
static struct segment *beside(const struct crew *crew, struct lane *lane) {
    struct segment *segment = lane->front;
    unsigned others = 0;

    if (!segment || crew->held >= HELD_BYTES / 4 * 3)
        return NULL;
    for (segment = segment->next; segment; segment = segment->next) {
        if (segment->done)
            continue;
        if (!segment->busy)
            return segment;
        if (++others == BESIDE)
            return NULL;
    }
    return lane->rest != MT_NO_BLOCK && lane_extend(lane) ? lane->last : NULL;
}

/* Decodes one chunk; false if there is nothing to do. A lane that memory is short for is left to
 * the one who asks for its events. */
static bool work_once(struct crew *crew, struct decode_tools *tools) {
    struct segment *segment;
    struct lane *lane;

    if (crew->held >= HELD_BYTES)
        return false;
    if (crew->queued) {
        lane = crew->queue[0];
        if ((!lane->front && !lane_extend(lane)) ||
            !feed_decode(lane->feed, lane, lane->front, tools))
            leave_queue(crew, lane);
        return true;
    }
    lane = crew->starving;
    segment = lane ? beside(crew, lane) : NULL;
    return segment && feed_decode(lane->feed, lane, segment, tools);
}

static void *thread(void *argument) {
    struct decode_tools tools;
    struct crew *crew = argument;

    decode_tools_begin(&tools);
    pthread_mutex_lock(&crew->mutex);
    while (!crew->stopping) {
        if (work_once(crew, &tools))
            continue;
        crew->idle++;
        pthread_cond_wait(&crew->work, &crew->mutex);
        crew->idle--;
    }
    pthread_mutex_unlock(&crew->mutex);
    decode_tools_end(&tools);
    return NULL;
}

/* Any signal is for the thread that matches. Fewer threads than asked for will do. */
static void start_threads(struct crew *crew, unsigned count) {
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (crew->count < count && crew->count < MT_MAX_JOBS &&
           pthread_create(&crew->threads[crew->count], NULL, thread, crew) == 0)
        crew->count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static struct crew *start(unsigned jobs) {
    struct crew *crew = calloc(1, sizeof(*crew));

    if (!crew)
        return NULL;
    pthread_mutex_init(&crew->mutex, NULL);
    pthread_cond_init(&crew->work, NULL);
    pthread_cond_init(&crew->arrived, NULL);
    start_threads(crew, jobs - 1);
    return crew;
}

static void stop(struct crew *crew) {
    pthread_mutex_lock(&crew->mutex);
    crew->stopping = true;
    pthread_cond_broadcast(&crew->work);
    pthread_mutex_unlock(&crew->mutex);
    while (crew->count)
        pthread_join(crew->threads[--crew->count], NULL);
    pthread_cond_destroy(&crew->work);
    pthread_cond_destroy(&crew->arrived);
    pthread_mutex_destroy(&crew->mutex);
    free(crew->queue);
    free(crew);
}

struct crew *crew_join(uint64_t events) {
    unsigned jobs = configured_jobs ? configured_jobs : cpus();
    struct crew *crew;

    if (jobs <= 1 || events < least_events)
        return NULL;
    pthread_mutex_lock(&joining);
    if (!present)
        present = start(jobs);
    crew = present;
    if (crew)
        crew->users++;
    pthread_mutex_unlock(&joining);
    return crew;
}

void crew_leave(struct crew *crew) {
    pthread_mutex_lock(&joining);
    if (--crew->users == 0) {
        stop(crew);
        present = NULL;
    }
    pthread_mutex_unlock(&joining);
}

void crew_lock(struct crew *crew) {
    if (crew)
        pthread_mutex_lock(&crew->mutex);
}

void crew_unlock(struct crew *crew) {
    if (crew)
        pthread_mutex_unlock(&crew->mutex);
}

void crew_wait(struct crew *crew) {
    crew->waiting++;
    pthread_cond_wait(&crew->arrived, &crew->mutex);
    crew->waiting--;
}

void crew_help(struct crew *crew, struct lane *lane, struct decode_tools *tools) {
    crew->starving = lane;
    if (crew->idle)
        pthread_cond_signal(&crew->work);
    if (!work_once(crew, tools))
        crew_wait(crew);
}

void crew_hold(struct crew *crew, size_t bytes) {
    if (crew)
        crew->held += bytes;
}

void crew_release(struct crew *crew, size_t bytes) {
    if (crew)
        crew->held -= bytes;
}
