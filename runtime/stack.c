#define _GNU_SOURCE
#include "stack.h"

#include "os_memory.h"
#include "tags.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#define PAGE 4096u /* the smallest there is */

/* How many questions to the kernel are cheaper than reading what it has mapped where. */
#define PROBES 16
#define GIVEN_UP UINT32_MAX

/* The kernel keeps this much below the main thread's stack free at the least. */
#define MAIN_GAP (UINT64_C(128) << 20)

/* The thread control block of the thread that has the main stack; 0 if that is not known. */
static uintptr_t main_thread;

static uintptr_t this_thread(void) {
    return (uintptr_t)__builtin_thread_pointer();
}

void mt_stack_prepare(void) {
    if (gettid() == getpid())
        main_thread = this_thread();
}

static void set_bounds(struct mt_local *local, uintptr_t low, uintptr_t size) {
    local->stack_low = low;
    local->stack_size = size;
    mt_tags_use(local, local->tags);
}

void mt_stack_start(struct mt_local *local) {
    struct rlimit limit;
    uintptr_t high = getauxval(AT_EXECFN); /* a string above the first frame */
    uint64_t size = MAIN_GAP;

    if (!high || getrlimit(RLIMIT_STACK, &limit) != 0)
        return;
    if (limit.rlim_cur < size)
        size = limit.rlim_cur;
    /* The only thread of a forked child is the process's main one, but has the stack of the one
     * that forked. And the main one may be on a stack of the program's own just now. */
    if (this_thread() != main_thread && mt_stack_pointer() - (high - size) >= size)
        return;
    set_bounds(local, high - size, size);
}

/* The mapping that holds the thread's control block, up to that: the C library puts it at the end
 * of the stacks of threads that it makes, and of those it is given. What lies above it may be
 * another mapping that the kernel has joined with it. */
static void find_bounds(struct mt_local *local) {
    uintptr_t inside = this_thread();
    int saved = errno, file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    char buffer[1024];
    size_t kept = 0;
    ssize_t length;

    while (file >= 0 && (length = read(file, buffer + kept, sizeof buffer - kept)) > 0) {
        const char *at = buffer, *end = buffer + kept + length;

        for (;;) {
            const char *line_end = at, *field = at;
            uintptr_t low, high;

            while (line_end < end && *line_end != '\n')
                line_end++;
            /* A path may be longer than the buffer; what counts stands before it. */
            if (line_end == end && end - at < 64)
                break;
            low = mt_text_take_hex(&field, line_end);
            field++;
            high = mt_text_take_hex(&field, line_end);
            if (inside - low < high - low) {
                set_bounds(local, low, inside - low);
                close(file);
                errno = saved;
                return;
            }
            if (line_end == end) {
                at = end;
                break;
            }
            at = line_end + 1;
        }
        kept = (size_t)(end - at);
        __builtin_memmove(buffer, at, kept);
    }
    if (file >= 0)
        close(file);
    local->probes = GIVEN_UP;
    errno = saved;
}

/* Once, and again only in another process. */
static bool bounds_are_unknown(const struct mt_local *local) {
    return !local->stack_size && local->probes != GIVEN_UP;
}

static bool may_read_foreign(uintptr_t link, uintptr_t below) {
    uintptr_t last = link + sizeof(struct memtrack_link) - 1;

    if (link > below && last / PAGE == below / PAGE)
        return true;
    return mt_os_memory_is_readable(link) &&
           (link / PAGE == last / PAGE || mt_os_memory_is_readable(last));
}

bool mt_stack_is_on_own(struct mt_local *local, uintptr_t address) {
    if (bounds_are_unknown(local) && gettid() == getpid())
        mt_stack_start(local);
    if (bounds_are_unknown(local))
        find_bounds(local);
    return mt_stack_is_own(local, address);
}

bool mt_stack_may_read(struct mt_local *local, uintptr_t link, uintptr_t below) {
    if (link % sizeof(uintptr_t))
        return false;
    /* Of a thread whose stack is not known yet. What does not lie above that which refers to it is
     * of another stack, or dead. */
    if (bounds_are_unknown(local) &&
        (link <= below || (link / PAGE != below / PAGE && ++local->probes > PROBES)))
        find_bounds(local);
    if (!mt_stack_is_own(local, link))
        return may_read_foreign(link, below);
    return link > below || !mt_stack_is_own(local, below);
}
