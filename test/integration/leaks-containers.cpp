// What the containers of the C++ library hold is reachable by them, and so is the library's own memory; what
// nobody holds is not, with all that it holds itself. Functions are named as in leaks-roots.c.
// RUN: %cxx -g -O1 -pthread %s -o %t && %run %t.mtrace %t
// RUN: %check %t.mtrace @%s
// EXPECT: s.complete and s.unmatched_frees == 0 and not errors
// EXPECT: [chain(c) for c in contexts if c["unreachable_blocks"] and not any(f.startswith("leak_") for f in chain(c))] == []
// EXPECT: [chain(c) for c in contexts if c["reachable_blocks"] and any(f.startswith("leak_") for f in chain(c))] == []
// EXPECT: (s.unreachable_blocks, s.unreachable_bytes) == (10, 2040)
// EXPECT: s.indirect_blocks == 7 and s.kept_bytes == s.indirect_bytes
// EXPECT: 72704 in [c["reachable_bytes"] for c in library("libstdc++")]
// EXPECT: total(contexts, "reachable_blocks") > 100
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#define OUTLINE __attribute__((noinline))

struct Counted {
    ~Counted() {
        alive--;
    }
    static int alive;
    long value = 0;
};
int Counted::alive;

struct Tree {
    std::unique_ptr<Tree> left, right;
    std::vector<int> values;
};

static std::vector<std::string> *strings;
static std::list<int> *list;
static std::map<int, std::string> *map;
static std::unordered_map<std::string, int> *table;
static std::deque<int> *deque;
static std::shared_ptr<Tree> *shared;
static std::function<int()> *function;
static Counted *none, *some;
static std::exception_ptr *kept;
static thread_local std::vector<int> *local;

OUTLINE static void keep_containers() {
    strings = new std::vector<std::string>;
    list = new std::list<int>;
    map = new std::map<int, std::string>;
    table = new std::unordered_map<std::string, int>;
    deque = new std::deque<int>;
    for (int i = 0; i < 20; i++) {
        std::string name(40, static_cast<char>('a' + i));

        strings->push_back(name);
        list->push_back(i);
        (*map)[i] = name;
        (*table)[name] = i;
        deque->push_back(i);
    }
    shared = new std::shared_ptr<Tree>(std::make_shared<Tree>());
    (*shared)->left = std::make_unique<Tree>();
    (*shared)->left->values.resize(7);
    local = new std::vector<int>(10);
}

OUTLINE static void keep_objects() {
    std::vector<int> captured(30);

    function = new std::function<int()>([captured] { return captured[1]; });
    none = new Counted[0];
    some = new Counted[3];
    try {
        throw std::runtime_error("a text that is too long to have its place in the object itself");
    } catch (...) {
        kept = new std::exception_ptr(std::current_exception());
    }
}

/* Never destroyed: the thread waits for ever. */
static auto &mutex = *new std::mutex;
static auto &condition = *new std::condition_variable;
static bool ready;

static void keep_by_thread() {
    auto here = std::make_unique<std::vector<int>>(50);
    std::unique_lock<std::mutex> lock(mutex);

    ready = true;
    condition.notify_all();
    condition.wait(lock, [&] { return here->empty(); });
}

OUTLINE static void leak_tree() {
    Tree *tree = new Tree;

    tree->left = std::make_unique<Tree>();
    tree->right = std::make_unique<Tree>();
    tree->right->left = std::make_unique<Tree>();
    tree->right->left->values.resize(100);
}

OUTLINE static void leak_vector() {
    auto *vector = new std::vector<std::unique_ptr<int[]>>;

    vector->reserve(2);
    vector->push_back(std::make_unique<int[]>(300));
    vector->push_back(std::make_unique<int[]>(8));
}

OUTLINE static void leak_array() {
    Counted *volatile counted = new Counted[25];

    counted->value = 1;
}

OUTLINE static void clear() {
    char room[8192];

    memset(room, 0, sizeof room);
    __asm__ volatile("" : : "r"(room) : "memory", "rbx", "r12", "r13", "r14", "r15");
}

int main() {
    leak_tree();
    clear();
    leak_vector();
    clear();
    leak_array();
    clear();
    keep_containers();
    keep_objects();
    std::thread(keep_by_thread).detach();
    {
        std::unique_lock<std::mutex> lock(mutex);
        condition.wait(lock, [] { return ready; });
    }
    clear();
    return 0;
}
