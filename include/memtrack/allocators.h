/* Tells MemTrack which functions of a program hand out memory of their own: arenas, slabs, pools.
 *
 *   MEMTRACK_ALLOCATES("arena", 2, 1) void *arena_alloc(struct arena *arena, size_t size);
 *   MEMTRACK_FREES("arena", 2, 1) void arena_free(struct arena *arena, void *block);
 *   MEMTRACK_FREES_POOL("arena", 1) void arena_destroy(struct arena *arena);
 *
 * A mark stands before a function's declaration or definition, in C and C++, also of member
 * functions and templates. The calls that see it are events of the pool of that name. It adds
 * nothing to what is compiled without MemTrack's plugin, or by another compiler than clang.
 *
 * Parameters are given by their position, from 1; 0 stands for "none". In a member function that is
 * not static, `this` is 1, as for the attributes alloc_size and format. A parameter that comes
 * before a given one must not be a structure passed by value.
 *
 *   name    of the pool, a string literal; functions of one name belong together
 *   pool    tells several pools of one name apart: a pointer, usually to the arena, or a number
 *   size    bytes asked for; with `count`, their product
 *   ptr     the block that is given back
 *
 * The memory must be what the function returns; null is a failure. docs/custom-allocators.md has
 * more, and how to do the same for functions whose source cannot be touched. */
#ifndef MEMTRACK_ALLOCATORS_H
#define MEMTRACK_ALLOCATORS_H

/* Hands out a block of `size` bytes. */
#define MEMTRACK_ALLOCATES(name, size, pool)                                                       \
    MEMTRACK_MARK("alloc size=" MEMTRACK_TEXT(size) " pool=" MEMTRACK_TEXT(pool) " name=" name)
#define MEMTRACK_ALLOCATES_ARRAY(name, count, size, pool)                                          \
    MEMTRACK_MARK("alloc count=" MEMTRACK_TEXT(count) " size=" MEMTRACK_TEXT(                      \
        size) " pool=" MEMTRACK_TEXT(pool) " name=" name)

/* Hands out blocks of one size: an integer literal, or a macro for one; 0 if it is not known. */
#define MEMTRACK_ALLOCATES_BYTES(name, bytes, pool)                                                \
    MEMTRACK_MARK("alloc bytes=" MEMTRACK_TEXT(bytes) " pool=" MEMTRACK_TEXT(pool) " name=" name)

/* Gives the block `ptr` another size, as realloc does. */
#define MEMTRACK_REALLOCATES(name, ptr, size, pool)                                                \
    MEMTRACK_MARK("realloc ptr=" MEMTRACK_TEXT(ptr) " size=" MEMTRACK_TEXT(                        \
        size) " pool=" MEMTRACK_TEXT(pool) " name=" name)

/* Takes a block back. */
#define MEMTRACK_FREES(name, ptr, pool)                                                            \
    MEMTRACK_MARK("free ptr=" MEMTRACK_TEXT(ptr) " pool=" MEMTRACK_TEXT(pool) " name=" name)

/* Takes all blocks of a pool back at once: destroys, clears or resets it. */
#define MEMTRACK_FREES_POOL(name, pool)                                                            \
    MEMTRACK_MARK("free-pool pool=" MEMTRACK_TEXT(pool) " name=" name)

/* How a mark gets to the plugin. Of all attributes only a few reach the intermediate code of a mere
 * declaration:
 *
 *   clang     annotate    assume              btf_decl_tag   warning
 *   14 to 16  -           yes, on calls, too  with -g only   yes, but the compiler then warns
 *   19        yes         refused             with -g only   yes, but the compiler then warns
 *
 * An assumption that clang does not know is without effect on what it generates, but it says so.
 * Of an annotated inline function that has been inlined everywhere, a copy stays. Calls of virtual
 * functions have a mark up to clang 18 only. */
#if defined(__clang__) && __clang_major__ >= 19
#define MEMTRACK_MARK(text) __attribute__((annotate("memtrack " text)))
#elif defined(__clang__) && __clang_major__ >= 12
#define MEMTRACK_MARK(text)                                                                        \
    _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wunknown-assumption\"")  \
        __attribute__((assume("memtrack " text))) _Pragma("clang diagnostic pop")
#else
#define MEMTRACK_MARK(text)
#endif

#define MEMTRACK_TEXT(position) MEMTRACK_TEXT_OF(position)
#define MEMTRACK_TEXT_OF(position) #position

#endif
