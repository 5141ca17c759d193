/* The global table of contexts: a hash table of fixed buckets whose nodes are never moved or freed.
 * A node's index is its context id. Nodes are pushed onto their bucket by compare-and-swap; the
 * chains are walked without any lock. */
#include "context.h"

#include "os_memory.h"

#include <errno.h>
#include <stddef.h>

#define BUCKETS 65536u
#define CHUNK_NODES 4096u
#define CHUNKS ((1u << MT_CONTEXT_ID_BITS) / CHUNK_NODES)

struct node {
    _Atomic(const struct memtrack_site *) site; /* NULL: unused, or forgotten */
    uint32_t next;                              /* fixed before the node is published */
    bool defined;
};

static _Atomic uint32_t buckets[BUCKETS]; /* newest node's index; 0 none */
static _Atomic(struct node *) chunks[CHUNKS];
static _Atomic uint32_t count;

static struct node *node_of(uint32_t index) {
    struct node *chunk = atomic_load_explicit(&chunks[index / CHUNK_NODES], memory_order_acquire);

    return chunk ? &chunk[index % CHUNK_NODES] : NULL;
}

/* A new node's index; 0 when ids or memory are used up. */
static uint32_t node_new(void) {
    uint32_t index = atomic_load_explicit(&count, memory_order_relaxed);
    struct node *chunk, *expected = NULL;

    do {
        if (index + 1 >= CHUNKS * CHUNK_NODES)
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(&count, &index, index + 1, memory_order_relaxed,
                                                    memory_order_relaxed));
    index++;
    if (node_of(index))
        return index;
    chunk = mt_os_memory_map(CHUNK_NODES * sizeof *chunk);
    if (!chunk)
        return 0;
    if (!atomic_compare_exchange_strong_explicit(&chunks[index / CHUNK_NODES], &expected, chunk,
                                                 memory_order_acq_rel, memory_order_acquire))
        mt_os_memory_unmap(chunk, CHUNK_NODES * sizeof *chunk);
    return index;
}

static uint32_t find(uint32_t index, uint32_t end, const struct memtrack_site *site) {
    while (index != end) {
        struct node *node = node_of(index);

        if (atomic_load_explicit(&node->site, memory_order_relaxed) == site)
            return index;
        index = node->next;
    }
    return 0;
}

static uint32_t intern(const struct memtrack_site *site) {
    /* Fibonacci hashing: sites are neighbours in memory. */
    uint64_t hash = (uintptr_t)site / sizeof *site * UINT64_C(0x9e3779b97f4a7c15);
    _Atomic uint32_t *bucket = &buckets[hash >> 48 & (BUCKETS - 1)];
    uint32_t newest = atomic_load_explicit(bucket, memory_order_acquire);
    uint32_t searched = 0, index = find(newest, 0, site);
    struct node *node;

    if (index)
        return index;
    index = node_new();
    if (!index)
        return 0;
    node = node_of(index);
    atomic_store_explicit(&node->site, site, memory_order_relaxed);
    for (;;) {
        uint32_t other;

        node->next = newest;
        searched = newest;
        if (atomic_compare_exchange_weak_explicit(bucket, &newest, index, memory_order_release,
                                                  memory_order_acquire))
            return index;
        /* Others were faster: the site may be among theirs. The node then stays unused. */
        other = find(newest, searched, site);
        if (other) {
            atomic_store_explicit(&node->site, NULL, memory_order_relaxed);
            return other;
        }
    }
}

struct mt_context_id mt_context_intern(struct mt_context_slot *slot,
                                       const struct memtrack_site *site) {
    int saved = errno;
    struct mt_context_id id = {intern(site)};

    errno = saved;

    /* The id first: a signal handler must not find the new site with the old id. */
    atomic_store_explicit(&slot->site, NULL, memory_order_relaxed);
    MT_SIGNAL_FENCE();
    slot->id = id;
    MT_SIGNAL_FENCE();
    atomic_store_explicit(&slot->site, site, memory_order_relaxed);
    return id;
}

uint32_t mt_context_count(void) {
    return atomic_load_explicit(&count, memory_order_acquire);
}

const struct memtrack_site *mt_context_site(struct mt_context_id id) {
    struct node *node = id.value ? node_of(id.value) : NULL;

    return node ? atomic_load_explicit(&node->site, memory_order_relaxed) : NULL;
}

bool mt_context_is_defined(struct mt_context_id id) {
    struct node *node = node_of(id.value);

    return !node || node->defined;
}

void mt_context_set_defined(struct mt_context_id id, bool defined) {
    struct node *node = node_of(id.value);

    if (node)
        node->defined = defined;
}

void mt_context_forget(const struct memtrack_site *start, const struct memtrack_site *stop) {
    uint32_t end = mt_context_count();

    for (uint32_t index = 1; index <= end; index++) {
        const struct memtrack_site *site = mt_context_site((struct mt_context_id){index});

        if (site >= start && site < stop)
            atomic_store_explicit(&node_of(index)->site, NULL, memory_order_relaxed);
    }
}

void mt_context_forget_cached(struct mt_context_slot *cache, const struct memtrack_site *start,
                              const struct memtrack_site *stop) {
    for (unsigned i = 0; i < MT_CONTEXT_CACHE_SLOTS; i++) {
        const struct memtrack_site *site =
            atomic_load_explicit(&cache[i].site, memory_order_relaxed);

        if (site && site >= start && site < stop)
            atomic_compare_exchange_strong_explicit(&cache[i].site, &site, NULL,
                                                    memory_order_relaxed, memory_order_relaxed);
    }
}
