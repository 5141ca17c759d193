/* What source lines cost: each line of a chain is charged with what was allocated on it (self), and
 * with that and all that was allocated in calls from it (total). A context counts once in a line,
 * and once in a file, however often its chain comes by, as in recursion.
 *
 * A line is what a frame says, so inlined functions' lines have their own costs. Frames without a
 * line are in no file. With folding, what a wrapper or the standard library allocates is self of
 * the first frame after them, as in reports; the lines of folded frames have a total only.
 */
#ifndef MT_MODEL_ANNOTATE_H
#define MT_MODEL_ANNOTATE_H

#include "model/report.h"

struct annotated_line {
    const char *file; /* a trace's */
    uint32_t line;    /* 0: the whole file */
    struct counters self;
    struct counters total;
    uint32_t
        depth; /* while it is made: of the outermost link of the chain that it stands in; 0 none */
};

struct annotation_options {
    bool fold;
    const char *function; /* only lines in functions of this name: demangled, with or without its
                             parameters, or as the linker knows it; NULL: all */
};

struct annotation {
    MT_LIST(struct annotated_line) lines; /* by file and line, each file's whole before its lines */
    struct id_map of_key;                 /* while it is made */
};

/* The report's traces outlive the annotation. To be freed on success only. */
bool annotation_make(struct annotation *annotation, const struct report *report,
                     const struct annotation_options *options, struct error *error);
void annotation_free(struct annotation *annotation);

/* The lines of a file, after its whole: from *first on; returns how many. */
size_t annotation_lines(const struct annotation *annotation, size_t whole, size_t *first);

/* Which file is meant by a path: the one of that path, or else the one of which the path is an end,
 * or that is an end of the path, by whole components. Returns how many there are, and sets *whole
 * to the place of one. */
size_t annotation_find(const struct annotation *annotation, const char *path, size_t *whole);

/* Whether one of the paths is an end of the other, by whole components. */
bool annotation_is_end(const char *path, const char *other);

#endif
