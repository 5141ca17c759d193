#include "output/dump.h"

#include "util/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const operations[] = {
    [MT_OP_ALLOC] = "alloc",
    [MT_OP_FREE] = "free",
    [MT_OP_REALLOC_ALLOC] = "realloc_alloc",
    [MT_OP_REALLOC_FREE] = "realloc_free",
    [MT_OP_POOL_ALLOC] = "pool_alloc",
    [MT_OP_POOL_FREE] = "pool_free",
    [MT_OP_IN_POOL] = "in_pool",
};

static char *clean_name(const char *linkage_name) {
    char *demangled = names_demangle(linkage_name);
    char *name = demangled ? names_utf8(demangled, strlen(demangled)) : NULL;

    free(demangled);
    return name;
}

void dump_event_text(FILE *out, const struct trace *trace, const struct event *event) {
    uint32_t context = defs_context(&trace->defs, event->context);
    const struct frame *frame = &defs_site(&trace->defs, context)->frames[0];
    char *name = clean_name(frame->function);
    char *file = names_utf8(frame->file, strlen(frame->file));

    fprintf(out, "%15.0f  %3u  %-13s  0x%012" PRIx64 "  ", trace_ns(trace, event->ticks),
            trace->reader.streams[event->stream].thread, operations[event->op], event->address);
    if (event_is_allocation(event) && event->op != MT_OP_IN_POOL)
        fprintf(out, "%12" PRIu64, (uint64_t)event->size);
    else
        fprintf(out, "%12s", "-");
    fprintf(out, "  %6u  %s", event->context, name ? name : "");
    if (event->probability)
        fprintf(out, "  (probability %.4g)", event->probability / 65536.0);
    if (file && file[0])
        fprintf(out, "  %s:%u", file, frame->line);
    fputc('\n', out);
    free(name);
    free(file);
}

static void put_json_string(FILE *out, const char *text) {
    char *clean = names_utf8(text, strlen(text));

    fputc('"', out);
    for (const char *at = clean ? clean : ""; *at; at++) {
        if (*at == '"' || *at == '\\')
            fputc('\\', out);
        fputc(*at, out);
    }
    fputc('"', out);
    free(clean);
}

/* What readers of JSON take for an integer: none is larger than what 64 bits with a sign hold. */
static uint64_t json_ns(double ns) {
    return ns >= 9e18 ? INT64_MAX : (uint64_t)(ns + 0.5);
}

static uint64_t json_size(uint64_t size) {
    return size > INT64_MAX ? INT64_MAX : size;
}

void dump_event_json(FILE *out, const struct trace *trace, const struct event *event) {
    uint32_t context = defs_context(&trace->defs, event->context);
    const struct frame *frame = &defs_site(&trace->defs, context)->frames[0];
    char *name = clean_name(frame->function);

    fprintf(out,
            "{\"time_ns\": %" PRIu64 ", \"thread\": %u, \"op\": \"%s\", \"address\": \"0x%" PRIx64
            "\", ",
            json_ns(trace_ns(trace, event->ticks)), trace->reader.streams[event->stream].thread,
            operations[event->op], event->address);
    if (event_is_allocation(event) && event->op != MT_OP_IN_POOL)
        fprintf(out, "\"size\": %" PRIu64 ", ", json_size(event->size));
    if (event->probability)
        fprintf(out, "\"probability\": %.8f, ", event->probability / 65536.0);
    fprintf(out, "\"context\": %u, \"hash\": \"%016" PRIx64 "\", \"function\": ", event->context,
            trace->defs.contexts.items[context].hash);
    put_json_string(out, name ? name : "");
    fputs(", \"file\": ", out);
    if (frame->file[0])
        put_json_string(out, frame->file);
    else
        fputs("null", out);
    fprintf(out, ", \"line\": %u}\n", frame->line);
    free(name);
}
