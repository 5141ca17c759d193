/* What is undone when a signal ends the program: the line of progress is wiped, a file that is half
 * written is removed. Then the signal does what it does to other programs.
 */
#ifndef MT_UTIL_INTERRUPT_H
#define MT_UTIL_INTERRUPT_H

#include <stdbool.h>

/* Catches SIGINT, SIGTERM and SIGHUP from here on, where they would end the program: not where they
 * are ignored or somebody else catches them. */
void interrupt_catch(void);

/* Whether stderr has a line to be wiped. */
void interrupt_wipes(bool line);

/* Names a file to be removed, and returns its number; -1 if there is no room for it. */
int interrupt_removes(const char *path);

/* The file stays. Does nothing for -1. */
void interrupt_keeps(int number);

#endif
