/* Any live file beside a trace. The input is a row of segments, each a head and as many bytes as it
 * asks for of those that follow. */
#include "model/analysis.h"
#include "trace/trace.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool add_segment(struct live_image *image, const uint8_t **data, size_t *size) {
    struct live_segment *segment;
    struct mt_live_head head;
    size_t wanted;

    if (*size < sizeof(head))
        return false;
    memcpy(&head, *data, sizeof(head));
    *data += sizeof(head);
    *size -= sizeof(head);
    head.kind = MT_LIVE_EVENTS + head.kind % 3;
    wanted = head.used % (MT_LIVE_SEGMENT - MT_LIVE_HEAD + 1);
    wanted = wanted < *size ? wanted : *size;
    head.used = (uint32_t)(head.kind == MT_LIVE_EVENTS ? wanted / 8 : wanted);
    segment = MT_LIST_ADD(image->segments);
    if (!segment || !(segment->content = malloc(wanted + 1)))
        abort();
    segment->head = head;
    memcpy(segment->content, *data, wanted);
    *data += wanted;
    *size -= wanted;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mt_file_header header = {.version = MT_TRACE_VERSION, .header_size = sizeof(header)};
    struct live_image image = {.present = true};
    struct trace trace = {.path = "bytes"};
    struct facts facts;
    struct error error;

    memcpy(header.magic, MT_FILE_MAGIC, MT_FILE_MAGIC_SIZE);
    while (add_segment(&image, &data, &size))
        ;
    if (reader_open_live(&trace.reader, &header, sizeof(header), &image, &error)) {
        uint64_t events = trace.reader.events;

        if (trace.reader.joined_events != events)
            abort();
        if (!defs_load(&trace.defs, &trace.reader, &error))
            abort();
        if (analysis_run(&trace, 1, &facts, &(struct analysis_request){0}, &error)) {
            if (!trace.defs.profile.present && facts.events > events)
                abort();
            facts_free(&facts);
        }
        trace_close(&trace);
    }
    live_free(&image);
    return 0;
}
