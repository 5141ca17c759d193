/* Which links of the program's stacks may be read. Runs in the thread whose stack it is, with
 * mt_local.busy set or in a signal handler.
 *
 * Nearly always a link is on the thread's own stack, above the one that refers to it. Signal
 * handlers may run on another (sigaltstack), coroutines do (makecontext); these may be gone
 * (unmapped) while a link still refers to them, so that a link there is read only after the kernel
 * has been asked.
 */
#ifndef MT_STACK_H
#define MT_STACK_H

#include "memtrack/abi.h"
#include "record.h"

#include <stdbool.h>
#include <stdint.h>

/* At the start of the process. */
void mt_stack_prepare(void);

/* Lets `local` know the bounds of the main thread's stack; those of others are found when needed,
 * since few threads do. */
void mt_stack_start(struct mt_local *local);

/* As mt_stack_is_own(), but finds the bounds out if need be. */
bool mt_stack_is_on_own(struct mt_local *local, uintptr_t address);

/* Whether the link can be read and may be of a function that runs: one that was called before the
 * owner of what lies at `below`, a link or the top of the stack. */
bool mt_stack_may_read(struct mt_local *local, uintptr_t link, uintptr_t below);

#endif
