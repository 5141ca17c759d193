/* What a trace defines: call sites, calling contexts, threads, the process, its clock, its losses
 * and its end. All of it is read before the first event, so order within the file does not matter,
 * and lives in the trace's arena.
 */
#ifndef MT_TRACE_DEFS_H
#define MT_TRACE_DEFS_H

#include "memtrack/abi.h"
#include "trace/profile.h"
#include "trace/reader.h"
#include "trace/references.h"
#include "util/arena.h"
#include "util/intern.h"
#include "util/list.h"

/* A frame's function is the C++ standard library's, whatever its name. Not in traces. */
#define MT_FRAME_LIBRARY (1u << 31)

struct frame {
    const char *function; /* linkage name */
    const char *file;     /* "" unknown */
    uint32_t line;        /* 0 unknown */
    uint32_t column;      /* 0 unknown */
    uint32_t flags;       /* enum memtrack_frame_flags, MT_FRAME_LIBRARY */
};

struct site {
    uint64_t hash;
    const char *module;         /* "" unknown */
    const char *type;           /* "" unknown */
    const char *pool;           /* "" none */
    uint64_t offset;            /* FOREIGN: the return address, as an ELF address of the module */
    const struct frame *frames; /* innermost first */
    uint32_t frame_count;       /* at least 1 */
    uint8_t api;                /* enum memtrack_api */
    uint8_t flags;              /* enum memtrack_site_flags */
};

/* Contexts are known by their index from here on; 0 is the root and stands for "unknown". Tags are
 * the outermost frames of their chains, not where the trace has them. */
struct context {
    uint64_t hash;   /* of the chain of site hashes: equal in every build, process and host */
    uint32_t id;     /* as in the trace; 0 if it has none: made by tags.c */
    uint32_t parent; /* index, less than the own one; 0 for none */
    uint32_t site;   /* index; 0 unknown */
    uint32_t depth;  /* sites in the chain */
};

/* A moment that the program named, or at which it told the runtime to do something. */
struct mark {
    uint64_t ticks;
    uint32_t thread;
    uint8_t kind; /* enum mt_mark_kind, or one of a later version */
    const char *name;
};

struct thread_def {
    uint32_t id;
    uint64_t tid;
    uint64_t first_ticks;
    uint64_t last_ticks; /* 0 while it runs */
    const char *name;
};

struct process_def {
    const char *executable; /* "" unknown, like the others */
    const char *command;    /* arguments, each with its NUL */
    size_t command_size;
    const char *cwd;
    const char *host;
    const char *options;
    const char *version;
    const char *arch;
    const char *capture;      /* "interposed", or "calls-only": rewritten calls */
    const char *sample;       /* "all", "poisson:BYTES", or "tiered:" and its parameters */
    const char *parent_trace; /* path of the trace of the process that forked this one, */
    const char *fork_ticks;   /* and when it did, in decimal */
};

struct clock_point {
    uint64_t ticks;
    uint64_t monotonic_ns;
    uint64_t realtime_ns;
};

struct end_def {
    bool present;
    uint8_t reason; /* enum mt_end_reason */
    uint64_t ticks;
    uint64_t events;
    uint64_t lost;
    uint64_t writer_ns;
    uint64_t mapped_bytes;
};

enum { MT_LOSS_REASONS = MT_LOSS_SIGNAL + 1 }; /* index 0 counts the unknown ones */

struct defs {
    uint16_t version; /* of the trace */
    struct arena arena;
    struct intern strings;
    MT_LIST(struct site) sites;       /* [0] is the unknown site */
    MT_LIST(struct context) contexts; /* [0] is the root */
    MT_LIST(struct thread_def) threads;
    MT_LIST(struct mark) marks;
    struct id_map site_of_id;
    struct id_map context_of_id;
    struct id_map tagged; /* tags.c's: by site of the tags and context, the context under them */
    struct id_map thread_of_id;
    uint32_t *context_table; /* index by id, for ids below context_table_size */
    size_t context_table_size;
    struct process_def process;
    size_t clock_points;
    struct clock_point first_clock;
    struct clock_point last_clock;
    bool rate_known;
    double ns_per_tick;
    uint64_t losses[MT_LOSS_REASONS];
    struct end_def end;
    struct profile profile;
    struct scan_def scan;
};

/* Reads all definition blocks. A malformed one is added to the reader's damage and costs what it
 * would have defined from the fault on. Fails only for lack of memory. */
bool defs_load(struct defs *defs, struct reader *reader, struct error *error);
void defs_free(struct defs *defs);

/* Adds a context without an id, by indices; returns its own, or MT_ID_MAP_NONE when memory is
 * short. For trace/ only. */
uint32_t defs_add_context(struct defs *defs, uint32_t parent, uint32_t site);

/* After changes to sites or to the contexts' places: depths and hashes. */
void defs_rehash(struct defs *defs);

/* The index of a context id, 0 if the trace does not define it. */
static inline uint32_t defs_context(const struct defs *defs, uint32_t id) {
    uint32_t index;

    if (id < defs->context_table_size)
        return defs->context_table[id];
    index = id_map_get(&defs->context_of_id, id);
    return index == MT_ID_MAP_NONE ? 0 : index;
}

/* NULL if the trace does not define it. */
const struct thread_def *defs_thread(const struct defs *defs, uint32_t id);

static inline const struct site *defs_site(const struct defs *defs, uint32_t context) {
    return &defs->sites.items[defs->contexts.items[context].site];
}

uint64_t defs_dropped(const struct defs *defs);

#endif
