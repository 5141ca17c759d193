/* Whether a filter of system calls (seccomp) lets the scan at the end make its calls. A filter may
 * end the program for a call that it does not know; what answers with an error does no harm.
 *
 * By the thread that starts the process, and by the one that ends the trace, while no thread is
 * stopped. */
#ifndef MT_SECCOMP_H
#define MT_SECCOMP_H

#include <stddef.h>

enum mt_seccomp {
    MT_SECCOMP_NONE,    /* all calls may be made */
    MT_SECCOMP_FEW,     /* only those of any program: open, read, pread, close, mmap. There is no
                          other thread */
    MT_SECCOMP_REFUSES, /* none that need not be */
};

/* At the start of the process. */
void mt_seccomp_prepare(void);

/* Costs a read of a file where there is no filter, and another process where there is one and the
 * process has threads. */
enum mt_seccomp mt_seccomp_ask(void);

#endif
