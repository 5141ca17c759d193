/* The table of contexts and sites: a hash table of fixed buckets whose nodes are never moved or
 * freed. A node's index is its id. Nodes are pushed onto their bucket by compare-and-swap; the
 * chains are walked without any lock. */
#include "context.h"

#include "definitions.h"
#include "log.h"
#include "options.h"
#include "os_memory.h"
#include "record.h"
#include "sites.h"
#include "stack.h"
#include "tags.h"

#include <errno.h>
#include <stddef.h>

#define BUCKETS (1u << 20)
#define CHUNK_NODES 4096u
#define CHUNKS ((1u << MT_CONTEXT_ID_BITS) / CHUNK_NODES)

/* The parent of nodes that are sites. */
#define OF_SITE ((struct mt_context_id){UINT32_MAX})

__thread memtrack_context __memtrack_context MT_EXPORT __attribute__((tls_model("initial-exec")));
bool mt_context_sites_only;

struct node {
    _Atomic(const struct memtrack_site *) site; /* NULL: unused, or forgotten */
    struct mt_context_id parent;                /* fixed, like the next, before */
    uint32_t next;                              /* the node is published */
    _Atomic uint32_t defined;                   /* the process, see `generation`, that it is for */
};

static _Atomic uint32_t buckets[BUCKETS]; /* newest node's index; 0 none */
static _Atomic(struct node *) chunks[CHUNKS];
static _Atomic uint32_t count;
static _Atomic bool exhausted;
static uint32_t generation = 1; /* another in each forked child, which starts without definitions */
_Atomic uint32_t mt_context_forgettings; /* what was hashed before one is void */

static struct node *node_of(uint32_t index) {
    struct node *chunk = atomic_load_explicit(&chunks[index / CHUNK_NODES], memory_order_acquire);

    return chunk ? &chunk[index % CHUNK_NODES] : NULL;
}

static uint32_t out_of_contexts(void) {
    if (!atomic_exchange_explicit(&exhausted, true, memory_order_relaxed))
        mt_log("no room for more calling contexts: those of further allocations are cut; see "
               "MEMTRACK_OPTIONS=max_contexts=N",
               NULL, NULL, NULL);
    return 0;
}

/* A new node's index; 0 when ids, of which there are `limit`, or memory are used up. */
static uint32_t node_new(uint64_t limit) {
    uint32_t index = atomic_load_explicit(&count, memory_order_relaxed);
    struct node *chunk, *expected = NULL;

    do {
        if (index >= limit)
            return out_of_contexts();
    } while (!atomic_compare_exchange_weak_explicit(&count, &index, index + 1, memory_order_relaxed,
                                                    memory_order_relaxed));
    index++;
    if (node_of(index))
        return index;
    chunk = mt_os_memory_map(CHUNK_NODES * sizeof *chunk);
    if (!chunk)
        return out_of_contexts();
    if (!atomic_compare_exchange_strong_explicit(&chunks[index / CHUNK_NODES], &expected, chunk,
                                                 memory_order_acq_rel, memory_order_acquire))
        mt_os_memory_unmap(chunk, CHUNK_NODES * sizeof *chunk);
    return index;
}

static uint32_t find(uint32_t index, uint32_t end, struct mt_context_id parent,
                     const struct memtrack_site *site) {
    while (index != end) {
        struct node *node = node_of(index);

        if (atomic_load_explicit(&node->site, memory_order_relaxed) == site &&
            node->parent.value == parent.value)
            return index;
        index = node->next;
    }
    return 0;
}

static _Atomic uint32_t *bucket_of(struct mt_context_id parent, const struct memtrack_site *site) {
    /* Fibonacci hashing: sites are neighbours in memory, and so are ids. */
    uint64_t hash = ((uintptr_t)site / sizeof *site + parent.value * UINT64_C(0xff51afd7ed558ccd)) *
                    UINT64_C(0x9e3779b97f4a7c15);

    return &buckets[hash >> 44 & (BUCKETS - 1)];
}

static bool is_defined(const struct node *node) {
    return atomic_load_explicit(&node->defined, memory_order_relaxed) == generation;
}

static void define_inherited(uint32_t index);

/* Writes the definition of a node. Another thread may be doing the same: a reader takes the first.
 */
static void define_one(uint32_t index, struct mt_context_id parent,
                       const struct memtrack_site *site) {
    struct mt_context_id id = {index};

    if (parent.value == OF_SITE.value) {
        mt_definitions_add_site(id, site);
    } else {
        struct mt_context_id site_id = mt_context_of_site(site);

        if (parent.value && !is_defined(node_of(parent.value)))
            define_inherited(parent.value);
        if (site_id.value)
            mt_definitions_add_context(id, parent, site_id);
    }
    atomic_store_explicit(&node_of(index)->defined, generation, memory_order_relaxed);
}

/* Of a node that this process has inherited, and what of its callers is not defined yet, the
 * outermost first. */
static void define_inherited(uint32_t index) {
    uint32_t *lineage, at = index;
    size_t depth = 0, room = 0;

    for (; at && !is_defined(node_of(at)); at = mt_context_parent((struct mt_context_id){at}).value)
        room++;
    lineage = mt_os_memory_map(room * sizeof *lineage);
    if (!lineage)
        return;
    for (at = index; depth < room; at = mt_context_parent((struct mt_context_id){at}).value)
        lineage[depth++] = at;
    while (depth) {
        struct node *node = node_of(lineage[--depth]);
        const struct memtrack_site *site = atomic_load_explicit(&node->site, memory_order_relaxed);

        if (site)
            define_one(lineage[depth], node->parent, site);
    }
    mt_os_memory_unmap(lineage, room * sizeof *lineage);
}

/* 0 if there is no room. */
static uint32_t intern(_Atomic uint32_t *bucket, uint32_t newest, struct mt_context_id parent,
                       const struct memtrack_site *site) {
    /* There are few sites, and without them contexts mean nothing. */
    uint32_t index = node_new(parent.value == OF_SITE.value ? CHUNKS * CHUNK_NODES - 1
                                                            : mt_options.max_contexts);
    struct node *node = index ? node_of(index) : NULL;

    if (!node)
        return 0;
    node->parent = parent;
    atomic_store_explicit(&node->site, site, memory_order_relaxed);
    /* Before anyone can use it: who dies then leaves no event that means nothing. */
    define_one(index, parent, site);
    for (;;) {
        uint32_t searched = newest, other;

        node->next = newest;
        if (atomic_compare_exchange_weak_explicit(bucket, &newest, index, memory_order_release,
                                                  memory_order_acquire))
            return index;
        /* Others were faster: the site may be among theirs. The node then stays unused. */
        other = find(newest, searched, parent, site);
        if (other) {
            atomic_store_explicit(&node->site, NULL, memory_order_relaxed);
            return other;
        }
    }
}

static void remember(struct mt_context_slot *slot, struct mt_context_id parent,
                     const struct memtrack_site *site, struct mt_context_id id) {
    /* The site last: another thread may forget it meanwhile, and looks for it. */
    atomic_store_explicit(&slot->site, NULL, memory_order_relaxed);
    MT_SIGNAL_FENCE();
    slot->parent = parent;
    slot->id = id;
    MT_SIGNAL_FENCE();
    atomic_store_explicit(&slot->site, site, memory_order_relaxed);
}

struct mt_context_id mt_context_intern(struct mt_context_slot *cache, struct mt_context_id parent,
                                       const struct memtrack_site *site, bool trusted) {
    _Atomic uint32_t *bucket = bucket_of(parent, site);
    uint32_t newest = atomic_load_explicit(bucket, memory_order_acquire);
    struct mt_context_id id = {find(newest, 0, parent, site)};
    int saved = errno;

    if (!id.value) {
        if (!trusted && !mt_sites_is_call(site))
            return MT_CONTEXT_ROOT;
        id.value = intern(bucket, newest, parent, site);
        errno = saved;
        if (!id.value)
            return parent;
    } else if (MT_UNLIKELY(!is_defined(node_of(id.value)))) {
        define_inherited(id.value);
        errno = saved;
    }
    if (cache)
        remember(mt_context_slot_of(cache, parent, site), parent, site, id);
    return id;
}

/* Walking */

/* New links of one chain that fit a signal handler's stack. More, as deep recursion makes them, go
 * through memory of their own. */
#define LINKS_AT_ONCE 64

/* Stacks of one thread that a chain may pass through. */
#define SWITCHES 64

struct walk {
    struct mt_local *local;
    struct mt_context_slot *cache; /* NULL: not to be used */
    struct memtrack_link **links;  /* those that are new, innermost first */
    size_t room;
};

memtrack_context mt_context_caller(struct mt_local *local, memtrack_context context) {
    const struct memtrack_link *link = (const void *)context;

    if (!context || !mt_stack_may_read(local, context, mt_stack_pointer()) ||
        !(mt_context_is_known(link) || mt_context_is_new(link)))
        return 0;
    return link->caller;
}

/* Collects new links from `context` on, as far as there is room, and counts all. What they lead to
 * is *base. */
static size_t collect(struct walk *walk, memtrack_context context, struct mt_context_id *base) {
    uintptr_t below = mt_stack_pointer();
    size_t found = 0;
    unsigned switches = 0;

    *base = MT_CONTEXT_ROOT;
    while (context) {
        struct memtrack_link *link = (struct memtrack_link *)context;

        /* Callers lie higher on a stack. From one stack to another the way is free, but what is
         * left of stacks that are gone must not lead in a circle. */
        if (!mt_stack_may_read(walk->local, context, below) ||
            (context <= below && ++switches > SWITCHES))
            break;
        if (mt_context_is_known(link)) {
            *base = mt_context_known_id(link);
            break;
        }
        if (!mt_context_is_new(link))
            break;
        if (found < walk->room)
            walk->links[found] = link;
        found++;
        below = context;
        context = link->caller;
    }
    return found;
}

/* From the outermost inwards, each being the parent of the next. */
static struct mt_context_id note(struct walk *walk, size_t found, struct mt_context_id parent) {
    while (found--) {
        struct memtrack_link *link = walk->links[found];
        const struct memtrack_site *site = mt_context_link_site(link);
        struct mt_context_id id = walk->cache ? mt_context_child(walk->cache, parent, site, false)
                                              : mt_context_intern(NULL, parent, site, false);

        mt_context_set_known(link, id);
        parent = id;
    }
    return parent;
}

static MT_COLD struct mt_context_id walk_deep(struct walk *walk, memtrack_context context,
                                              size_t found) {
    size_t bytes = found * sizeof *walk->links;
    struct mt_context_id base;
    int saved = errno;

    walk->links = mt_os_memory_map(bytes);
    walk->room = walk->links ? found : 0;
    found = collect(walk, context, &base);
    /* Without memory, the context is cut to what was known. */
    if (found <= walk->room)
        base = note(walk, found, base);
    mt_os_memory_unmap(walk->links, bytes);
    errno = saved;
    return base;
}

struct mt_context_id mt_context_walk(struct mt_local *local, memtrack_context context,
                                     bool cached) {
    struct memtrack_link *links[LINKS_AT_ONCE];
    struct walk walk = {local, cached ? local->cache : NULL, links, LINKS_AT_ONCE};
    struct mt_context_id base;
    size_t found;

    if (mt_context_sites_only)
        return MT_CONTEXT_ROOT;
    found = collect(&walk, context, &base);
    return found > walk.room ? walk_deep(&walk, context, found) : note(&walk, found, base);
}

static struct mt_context_id find_far(struct mt_local *local, memtrack_context context,
                                     const struct memtrack_site *site) {
    struct mt_context_id id = mt_context_walk(local, context, true);

    if (MT_UNLIKELY(local->tags != 0))
        id = mt_tags_context(local, local->cache, id);
    return mt_context_child(local->cache, id, site, true);
}

/* The new links from `context` on, and what they lead to; -1 if that is not all links. */
static int collect_near(memtrack_context context, struct memtrack_link *links[MT_CONTEXT_NEAR],
                        struct mt_context_id *base) {
    int found = 0;

    *base = MT_CONTEXT_ROOT;
    while (context) {
        struct memtrack_link *link = (struct memtrack_link *)context;

        if (context % _Alignof(struct memtrack_link))
            return -1;
        if (mt_context_is_known(link)) {
            *base = mt_context_known_id(link);
            break;
        }
        if (found == MT_CONTEXT_NEAR || !mt_context_is_new(link))
            return -1;
        links[found++] = link;
        context = link->caller;
    }
    return found;
}

struct mt_context_id mt_context_find(struct mt_local *local, memtrack_context context,
                                     const struct memtrack_site *site) {
    struct memtrack_link *links[MT_CONTEXT_NEAR];
    struct mt_context_id id, from;
    struct mt_context_path *path;
    uint64_t hash;
    int found;

    if (!mt_record_is_close(local, context) ||
        !mt_context_hash(context, local->stack_low + local->untagged_size, site, &hash, &from))
        return find_far(local, context, site);
    path = mt_context_path_of(local->paths, hash);
    if (path->hash == hash && path->from.value == from.value)
        return path->to;
    found = collect_near(context, links, &id);
    /* A signal handler may have looked some of them up meanwhile. */
    if (found < 0 || id.value != from.value)
        return find_far(local, context, site);
    while (found--) {
        id = mt_context_child(local->cache, id, mt_context_link_site(links[found]), false);
        mt_context_set_known(links[found], id);
    }
    id = mt_context_child(local->cache, id, site, true);
    *path = (struct mt_context_path){hash, from, id};
    return id;
}

/* What the writer asks */

uint32_t mt_context_count(void) {
    return atomic_load_explicit(&count, memory_order_acquire);
}

const struct memtrack_site *mt_context_site(struct mt_context_id id) {
    struct node *node = id.value ? node_of(id.value) : NULL;

    return node ? atomic_load_explicit(&node->site, memory_order_relaxed) : NULL;
}

struct mt_context_id mt_context_parent(struct mt_context_id id) {
    struct node *node = id.value ? node_of(id.value) : NULL;

    return node && node->parent.value != OF_SITE.value ? node->parent : MT_CONTEXT_ROOT;
}

struct mt_context_id mt_context_of_site(const struct memtrack_site *site) {
    struct mt_context_id id = mt_context_intern(NULL, OF_SITE, site, true);

    return id.value == OF_SITE.value ? MT_CONTEXT_ROOT : id;
}

void mt_context_after_fork_in_child(void) {
    generation++;
    /* Of what caches know, nothing is defined. */
    atomic_fetch_add_explicit(&mt_context_forgettings, 1, memory_order_relaxed);
}

void mt_context_forget(const struct memtrack_site *start, const struct memtrack_site *stop) {
    uint32_t end = mt_context_count();

    atomic_fetch_add_explicit(&mt_context_forgettings, 1, memory_order_relaxed);
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
