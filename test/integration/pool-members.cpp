// Marks on member functions, static and not, on templates and on virtual functions (up to clang 18);
// exceptions that leave an allocator; pools in pools.
// RUN: %cxx -I%include -g -O0 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// RUN: %cxx -I%include -g -O2 %s -o %t && %run %t.mtrace %t && %check %t.mtrace @%s
// EXPECT: pools() == ["objects", "outer", "region", "virtual"]
// EXPECT: (pool("region").allocations, pool("region").allocated_bytes) == (3 + 2 + 4, 3 * 24 + 2 * 40 + 4 * 256)
// EXPECT: pool("region").freed_with_pool == 9 and pool("region").leaked_blocks == 0
// EXPECT: (pool("objects").allocations, pool("objects").frees) == (20, 20)
// EXPECT: pool("outer").allocations == 0 and pool("outer").unmatched_frees == 0
// EXPECT: (pool("virtual").allocations, pool("virtual").allocated_bytes) == (1, 5)
// EXPECT: sorted(c["frames"][0]["function"].split("(")[0] for c in within("region")) == ["Slabs<long>::get", "use", "use"]
#include <cstddef>
#include <cstdlib>
#include <memtrack/allocators.h>
#include <new>

class Region {
  public:
    MEMTRACK_ALLOCATES("region", 2, 1) void *take(std::size_t size);
    template <class T>
    MEMTRACK_ALLOCATES_ARRAY("region", 2, 3, 1)
    T *make(int count, std::size_t size);
    MEMTRACK_FREES_POOL("region", 1) ~Region();

  private:
    char *memory = nullptr;
    std::size_t used = 0;
};

__attribute__((noinline)) void *Region::take(std::size_t size) {
    if (size > 4096)
        throw std::bad_alloc();
    if (!memory)
        memory = static_cast<char *>(std::malloc(65536));
    used += size;
    return memory + used - size;
}
template <class T> T *Region::make(int count, std::size_t size) {
    return static_cast<T *>(take(count * size));
}
__attribute__((noinline)) Region::~Region() {
    std::free(memory);
}

// Objects out of blocks that are the region's.
template <class T> class Slabs {
  public:
    explicit Slabs(Region &r) : region(r) {
    }
    MEMTRACK_ALLOCATES_BYTES("objects", 8, 1) T *get() {
        if (!list) {
            char *chunk = static_cast<char *>(region.take(256));
            for (int i = 0; i < 5; i++)
                put_in(chunk + 48 * i);
        }
        void **object = list;
        list = static_cast<void **>(*object);
        return reinterpret_cast<T *>(object);
    }
    MEMTRACK_FREES("objects", 2, 1) void put(T *object) {
        put_in(object);
    }

  private:
    void put_in(void *object) {
        void **link = static_cast<void **>(object);
        *link = list;
        list = link;
    }
    Region &region;
    void **list = nullptr;
};

// Only passes objects on.
MEMTRACK_ALLOCATES_BYTES("outer", 8, 0)
__attribute__((noinline)) static long *outer_get(Slabs<long> &slabs) {
    return slabs.get();
}
MEMTRACK_FREES("outer", 2, 0)
__attribute__((noinline)) static void outer_put(Slabs<long> &slabs, long *p) {
    slabs.put(p);
}

struct Base {
    MEMTRACK_ALLOCATES("virtual", 2, 0) virtual void *get(std::size_t size) = 0;
    virtual ~Base() = default;
};
struct Derived : Base {
    char memory[100];
    void *get(std::size_t) override {
        return memory + 3;
    }
};

static void *volatile sink;

__attribute__((noinline)) static void use(Region &region) {
    for (int i = 0; i < 3; i++)
        sink = region.take(24);
    for (int i = 0; i < 2; i++)
        sink = region.make<int>(10, sizeof(int));
    for (int i = 0; i < 5; i++) {
        try {
            sink = region.take(5000);
        } catch (std::bad_alloc &) {
            sink = nullptr;
        }
    }
}

int main() {
    Region region;
    Slabs<long> slabs(region);
    long *objects[20];
    Derived derived;
    Base *volatile base = &derived;

    use(region);
    for (long *&object : objects)
        object = outer_get(slabs);
    for (int i = 0; i < 10; i++)
        outer_put(slabs, objects[i]);
    for (int i = 10; i < 20; i++)
        slabs.put(objects[i]);
    sink = base->get(5);
    return 0;
}
