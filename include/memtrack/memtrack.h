/* What a program can tell MemTrack about itself: phases, tags, names of threads, stretches not to
 * be recorded. Nothing here is needed for a program to be recorded.
 *
 * Include it anywhere: C from C89 and C++ from C++98 on, any compiler. Where the runtime is not
 * linked in, all of it does nothing, at the cost of one test a call, and nothing has to be linked.
 * With MEMTRACK_DISABLED defined, or for targets without ELF, nothing is compiled at all.
 *
 * All functions may be called from any thread at any time, before main too; none fails in a way
 * that the caller must handle, none changes errno, is a cancellation point or throws. Those for
 * tags may be called in signal handlers, and the others must not.
 *
 * Text that is passed is copied; NULL stands for "". Text longer than the length given below loses
 * its end.
 *
 * The runtime is noticed where the program refers to it by other means than this header: by being
 * instrumented, by LD_PRELOAD, or by a library that is. A linker's --as-needed drops a libmemtrack
 * that nothing but this header refers to.
 */
#ifndef MEMTRACK_MEMTRACK_H
#define MEMTRACK_MEMTRACK_H

#if defined(__GNUC__) && defined(__ELF__) && !defined(MEMTRACK_DISABLED)

/* The runtime's side: null where it is not there. */
#define MEMTRACK_RUNTIME_FUNCTION(type, name, parameters)                                          \
    extern type __memtrack_##name parameters __attribute__((__weak__, __visibility__("default")));
#define MEMTRACK_CALL(name, arguments)                                                             \
    do {                                                                                           \
        if (__memtrack_##name)                                                                     \
            __memtrack_##name arguments;                                                           \
    } while (0)
#define MEMTRACK_VALUE(name, arguments, otherwise)                                                 \
    return __memtrack_##name ? __memtrack_##name arguments : (otherwise)
#define MEMTRACK_INLINE __inline__ __attribute__((__always_inline__, __unused__))

#else

#define MEMTRACK_RUNTIME_FUNCTION(type, name, parameters)
#define MEMTRACK_CALL(name, arguments) ((void)0)
#define MEMTRACK_VALUE(name, arguments, otherwise) return (otherwise)
#if defined(__GNUC__)
#define MEMTRACK_INLINE __inline__ __attribute__((__unused__))
#elif defined(__cplusplus) || defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L
#define MEMTRACK_INLINE inline
#else
#define MEMTRACK_INLINE
#endif

#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The tags of a thread, see memtrack_get_tags(); 0 if it has none. */
typedef unsigned long memtrack_tags;

MEMTRACK_RUNTIME_FUNCTION(int, is_recording, (void))
MEMTRACK_RUNTIME_FUNCTION(void, pause, (void))
MEMTRACK_RUNTIME_FUNCTION(void, resume, (void))
MEMTRACK_RUNTIME_FUNCTION(void, phase, (const char *))
MEMTRACK_RUNTIME_FUNCTION(int, snapshot, (const char *))
MEMTRACK_RUNTIME_FUNCTION(void, name_thread, (const char *))
MEMTRACK_RUNTIME_FUNCTION(void, push_tag, (const char *))
MEMTRACK_RUNTIME_FUNCTION(void, pop_tag, (void))
MEMTRACK_RUNTIME_FUNCTION(memtrack_tags, get_tags, (void))
MEMTRACK_RUNTIME_FUNCTION(void, set_tags, (memtrack_tags))

/* 1 if an allocation made now would be recorded, else 0: there is no runtime, mode=off, paused, or
 * the trace has ended. Saves the making of names that nobody would see. */
static MEMTRACK_INLINE int memtrack_is_recording(void) {
    MEMTRACK_VALUE(is_recording, (), 0);
}

/* Stops recording allocations, in all threads, until memtrack_resume() has been called as often as
 * this was. Deallocations go on being recorded, so that what was allocated before does not look
 * leaked. What is allocated meanwhile is in no report, and its deallocation is no error. realloc
 * counts as a deallocation. A process forked meanwhile is paused, too. */
static MEMTRACK_INLINE void memtrack_pause(void) {
    MEMTRACK_CALL(pause, ());
}

/* Ends the effect of one memtrack_pause(); nothing if there is none to be ended. */
static MEMTRACK_INLINE void memtrack_resume(void) {
    MEMTRACK_CALL(resume, ());
}

/* Names this instant: "loaded", "first request served". At most 1,000 bytes. */
static MEMTRACK_INLINE void memtrack_phase(const char *name) {
    (void)name;
    MEMTRACK_CALL(phase, (name));
}

/* Writes to the trace all that this thread has recorded so far, all that other threads have
 * recorded before this call, and a mark of this name (at most 1,000 bytes), so that the trace can
 * be looked at while the program goes on. Takes some tens of microseconds, more where much is
 * waiting to be written. The file system has the trace then, the disk not yet.
 *
 * 0 if it is done; -1 if nothing is being recorded, the trace could not be written, or the writer
 * has not come to it within 10 seconds. */
static MEMTRACK_INLINE int memtrack_snapshot(const char *name) {
    (void)name;
    MEMTRACK_VALUE(snapshot, (name), -1);
}

/* Names the calling thread in reports, at most 63 bytes. It overrides the name that
 * pthread_setname_np() gave, and leaves that alone. */
static MEMTRACK_INLINE void memtrack_name_thread(const char *name) {
    (void)name;
    MEMTRACK_CALL(name_thread, (name));
}

/* Tags what this thread allocates from now on until memtrack_pop_tag(): "request 17", "parsing".
 * Tags nest, and are part of an allocation's context: reports tell the same call apart by them. At
 * most 199 bytes a tag and 64 tags at a time; further ones are pushed and popped without showing.
 * So are new ones when the process has made 65,535 different sequences of tags, which is said once
 * on stderr. Costs some 25 ns with its pop. */
static MEMTRACK_INLINE void memtrack_push_tag(const char *text) {
    (void)text;
    MEMTRACK_CALL(push_tag, (text));
}

/* Takes back the innermost tag of this thread; nothing if there is none. */
static MEMTRACK_INLINE void memtrack_pop_tag(void) {
    MEMTRACK_CALL(pop_tag, ());
}

/* All tags of this thread at once, to be given back to memtrack_set_tags(): after a longjmp past
 * the pops, in a thread or a coroutine that goes on with the work of another. The value is good
 * until the process ends, in forked children too, in any thread. */
static MEMTRACK_INLINE memtrack_tags memtrack_get_tags(void) {
    MEMTRACK_VALUE(get_tags, (), 0);
}

static MEMTRACK_INLINE void memtrack_set_tags(memtrack_tags tags) {
    (void)tags;
    MEMTRACK_CALL(set_tags, (tags));
}

#ifdef __cplusplus
}

namespace memtrack {

/* A tag as long as the object lives, which has to be in the thread that made it. What was pushed
 * meanwhile and not popped, as by functions that an exception has left, goes with it. */
class tag {
  public:
    MEMTRACK_INLINE explicit tag(const char *text) : before(memtrack_get_tags()) {
        memtrack_push_tag(text);
    }
    MEMTRACK_INLINE ~tag() {
        memtrack_set_tags(before);
    }

  private:
    const memtrack_tags before;

    tag(const tag &);
    tag &operator=(const tag &);
};

/* memtrack_pause() as long as the object lives. */
class paused {
  public:
    MEMTRACK_INLINE paused() {
        memtrack_pause();
    }
    MEMTRACK_INLINE ~paused() {
        memtrack_resume();
    }

  private:
    paused(const paused &);
    paused &operator=(const paused &);
};

} /* namespace memtrack */
#endif

#undef MEMTRACK_RUNTIME_FUNCTION
#undef MEMTRACK_CALL
#undef MEMTRACK_VALUE
#undef MEMTRACK_INLINE

/* Macros that mark custom allocators. */
#include "memtrack/allocators.h"

#endif
