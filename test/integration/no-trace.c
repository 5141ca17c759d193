// Where no trace can be written the program is undisturbed, and one line says why.
// RUN: %cc -g -O1 -fno-builtin %s -o %t
// RUN: %status 42 env MEMTRACK_OPTIONS=output=%t.missing/x.mtrace %t > %t.out 2> %t.err
// RUN: FileCheck --check-prefix=MISSING %s < %t.err && count 1 < %t.err
// RUN: grep -x 'errno 0' %t.out
// MISSING: memtrack: no trace: cannot create {{.*}}missing/x.mtrace: No such file or directory
//
// A file that is no trace is left alone.
// RUN: echo precious > %t.file
// RUN: %status 42 env MEMTRACK_OPTIONS=output=%t.file %t 2> %t.err
// RUN: FileCheck --check-prefix=FOREIGN %s < %t.err && grep -x precious %t.file
// FOREIGN: memtrack: no trace: {{.*}} exists and is not a trace
//
// A full disk.
// RUN: %status 42 env MEMTRACK_OPTIONS=output=/dev/full %t > %t.out 2> %t.err
// RUN: FileCheck --check-prefix=FULL %s < %t.err && count 1 < %t.err
// RUN: grep -x 'errno 0' %t.out
// FULL: memtrack: the trace ends early: cannot write /dev/full: No space left on device
//
// Off: no file, no word.
// RUN: rm -rf %t.d && mkdir %t.d && cd %t.d && %status 42 env MEMTRACK_OPTIONS=mode=off %t 2> %t.err
// RUN: count 0 < %t.err && ls %t.d | count 0
//
// An option that is not understood is named, and the rest holds.
// RUN: %status 42 env MEMTRACK_OPTIONS=colour=red:buffer_mb=x:output=%t.mtrace %t 2> %t.err
// RUN: FileCheck --check-prefix=OPTION %s < %t.err && %check %t.mtrace 'own.allocations == 100000'
// OPTION: memtrack: MEMTRACK_OPTIONS: colour=red is ignored: no such option
// OPTION: memtrack: MEMTRACK_OPTIONS: buffer_mb=x is ignored; a whole number from 1 to 65536
//
// RUN: %status 42 env MEMTRACK_OPTIONS=help=1:mode=off %t 2>&1 | FileCheck --check-prefix=HELP %s
// HELP: zstd_level=N (default 3)
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    errno = 0;
    for (int i = 0; i < 100000; i++)
        free(malloc(10));
    printf("errno %d\n", errno);
    return 42;
}
