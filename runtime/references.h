/* The scan at the end of the program: everything that looks like a pointer into memory where blocks
 * may lie, with the place where it stands, goes to the trace; the analyzer, which knows the blocks,
 * follows it from what the program can reach. docs/leaks.md says how.
 *
 * By the thread that ends the trace, with the writer's lock. */
#ifndef MT_REFERENCES_H
#define MT_REFERENCES_H

#include "regions.h"

/* At the start of the process. */
void mt_references_prepare(void);

/* The thread that exits: before it lets the trace be ended. */
void mt_references_exit(uintptr_t stack_pointer);

/* Looks, and appends what it finds; or why it did not look. */
void mt_references_write(void);

#endif
