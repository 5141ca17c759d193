/* The trace file. Only the holder of the writer's lock calls these. */
#ifndef MT_SINK_H
#define MT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Remembers the directory that a relative name is relative to. Once, at the start of the process.
 */
void mt_sink_prepare(void);

/* Creates the file that mt_options.output names. An earlier trace of that name is replaced,
 * unless it is of this pid or being written; any other file is left alone. False with a line on
 * stderr if that cannot be done. `forked`: the name has to differ from the parent's. */
bool mt_sink_open(bool forked);

/* Appends all or nothing. False if the trace cannot grow any more, said once on stderr; what was
 * appended before stays readable. */
bool mt_sink_append(const void *data, size_t size);

/* Takes the last append back, to make room for the trace's end on a full disk. False if there is
 * none to take back. */
bool mt_sink_take_back(void);

/* Gives the calling thread, the writer's, a descriptor table of its own that holds the trace and
 * nothing else: what the program closes or opens there does not concern the trace, and what the
 * writer opens takes no number from the program. Does nothing where the kernel cannot. */
void mt_sink_detach(void);

/* Whether the trace is a regular file, and no device. */
bool mt_sink_is_file(void);

/* Bytes appended. */
uint64_t mt_sink_size(void);

void mt_sink_close(void);

/* Where the trace is; for messages. */
const char *mt_sink_path(void);

#endif
