// A little of everything that a trace can tell, in few events: threads, tags, phases, a pool,
// chains, recursion, reallocs, leaks.
#include "memtrack/allocators.h"
#include "memtrack/memtrack.h"

#include <stdlib.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

struct arena {
    size_t used;
    char bytes[500];
};

MEMTRACK_ALLOCATES("arena", 2, 1) static void *arena_take(arena *from, size_t size) {
    return from->bytes + std::exchange(from->used, from->used + size);
}

MEMTRACK_FREES_POOL("arena", 1) static void arena_end(arena *from) {
    free(from);
}

struct node {
    node *left, *right;
};

static node *grow(int depth) {
    return depth ? new node{grow(depth - 1), grow(depth - 1)} : nullptr;
}

static void drop(node *at) {
    if (!at)
        return;
    drop(at->left);
    drop(at->right);
    delete at;
}

static void work(int count) {
    memtrack_name_thread("worker");
    memtrack_push_tag("request 17");
    std::vector<std::string> lines;
    for (int i = 0; i < count; i++)
        lines.push_back(std::string(40, 'x'));
    memtrack_pop_tag();
}

int main(int count, char **arguments) {
    char *volatile text = static_cast<char *>(malloc(10));

    (void)count;
    memtrack_phase("load");
    for (int i = 1; i < 6; i++)
        text = static_cast<char *>(realloc(text, 10 << i));
    node *tree = grow(4);
    std::thread worker(work, 12);
    worker.join();
    memtrack_phase("serve");
    drop(tree);
    arena *pool = static_cast<arena *>(calloc(1, sizeof(arena)));
    arena_take(pool, 16);
    arena_take(pool, 32);
    arena_end(pool);
    text = static_cast<char *>(malloc(100));
    if (arguments[1])
        _exit(0);
    return text == nullptr;
}
