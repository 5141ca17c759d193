/* A runtime that prints the sites registered with it and hands every call on to the function the
 * program named. One line a site, `hash=` first, its frames innermost first:
 *
 *   site hash=… api=… flags=… type=… | function file:line:column | …
 *
 * A wrapper has " wrapper" behind it.
 */
#include "memtrack/abi.h"
#include <stddef.h>
#include <stdio.h>

typedef const struct memtrack_site *site;

__thread memtrack_context __memtrack_context;

static void *target(const int32_t *field)
{
    return *field ? (char *)field + *field : NULL;
}

static const char *text(const int32_t *field)
{
    const char *string = target(field);
    return string ? string : "-";
}

void __memtrack_register_sites_v3(site start, site stop)
{
    for (site s = start; s < stop; s++) {
        printf("site hash=%016llx api=%d flags=%d type=%s", (unsigned long long)s->hash, s->api,
               s->flags, text(&s->type));
        const struct memtrack_frame *frames = target(&s->frames);
        for (int i = 0; i < s->frame_count; i++)
            printf(" | %s %s:%u:%u%s", text(&frames[i].function), text(&frames[i].file),
                   frames[i].line, frames[i].column,
                   frames[i].flags & MT_FRAME_WRAPPER ? " wrapper" : "");
        printf("\n");
    }
    printf("registered %td\n", stop - start);
    fflush(stdout);
}

void __memtrack_unregister_sites_v3(site start, site stop)
{
    printf("unregistered %td\n", stop - start);
    fflush(stdout);
}

/* A call under a link is given MT_SITE_LINKED with its site. */
static const void *callee(site s)
{
    s = (site)((uintptr_t)s & ~(uintptr_t)MT_SITE_LINKED);
    return ((const struct memtrack_cell *)target(&s->callee))->target;
}

#define CALL(type, ...) ((type)callee(s))(__VA_ARGS__)

void *__memtrack_malloc(size_t n, site s)
{
    return CALL(void *(*)(size_t), n);
}
void *__memtrack_calloc(size_t a, size_t b, site s)
{
    return CALL(void *(*)(size_t, size_t), a, b);
}
void *__memtrack_realloc(void *p, size_t n, site s)
{
    return CALL(void *(*)(void *, size_t), p, n);
}
void *__memtrack_reallocarray(void *p, size_t a, size_t b, site s)
{
    return CALL(void *(*)(void *, size_t, size_t), p, a, b);
}
void *__memtrack_aligned_alloc(size_t a, size_t n, site s)
{
    return CALL(void *(*)(size_t, size_t), a, n);
}
int __memtrack_posix_memalign(void **p, size_t a, size_t n, site s)
{
    return CALL(int (*)(void **, size_t, size_t), p, a, n);
}
void *__memtrack_strdup(const void *p, site s)
{
    return CALL(void *(*)(const void *), p);
}
void *__memtrack_strndup(const void *p, size_t n, site s)
{
    return CALL(void *(*)(const void *, size_t), p, n);
}
void *__memtrack_wcsdup(const void *p, site s)
{
    return CALL(void *(*)(const void *), p);
}
void __memtrack_free(void *p, site s)
{
    CALL(void (*)(void *), p);
}
void *__memtrack_new_nothrow(size_t n, void *t, site s)
{
    return CALL(void *(*)(size_t, void *), n, t);
}
void *__memtrack_new_aligned(size_t n, size_t a, site s)
{
    return CALL(void *(*)(size_t, size_t), n, a);
}
void *__memtrack_new_aligned_nothrow(size_t n, size_t a, void *t, site s)
{
    return CALL(void *(*)(size_t, size_t, void *), n, a, t);
}
void __memtrack_delete_nothrow(void *p, void *t, site s)
{
    CALL(void (*)(void *, void *), p, t);
}
void __memtrack_delete_sized(void *p, size_t n, site s)
{
    CALL(void (*)(void *, size_t), p, n);
}
void __memtrack_delete_sized_aligned(void *p, size_t n, size_t a, site s)
{
    CALL(void (*)(void *, size_t, size_t), p, n, a);
}
void __memtrack_delete_aligned_nothrow(void *p, size_t a, void *t, site s)
{
    CALL(void (*)(void *, size_t, void *), p, a, t);
}
