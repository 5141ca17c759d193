// What is said of a sample: how it was taken, and that figures are estimates. The same seed gives the same
// sample; a sudden end loses nothing of it, and keeps the probabilities; while paused, only frees of what
// was kept are recorded; double frees cannot be told.
// RUN: %cc -g -O1 -fno-builtin -I%include %s -o %t
// RUN: env MEMTRACK_OPTIONS=sample=tiered:sample_seed=9:sample_medium_rate=12.5 %run %t.mtrace %t
// RUN: %check %t.mtrace @%s
// RUN: %memtrack report %t.mtrace | FileCheck %s
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=INFO %s
// RUN: %memtrack dump %t.mtrace | grep -c 'probability 0.0' | grep -x '[1-9][0-9]*'
// RUN: %memtrack dump --format json %t.mtrace | grep -c '"probability": 0.0[0-9]*, ' | grep -x '[1-9][0-9]*'
// RUN: %memtrack errors %t.mtrace | FileCheck --check-prefix=ERRORS %s
// EXPECT: s.estimated and s.complete and not errors and s.unmatched_frees == 0
// EXPECT: s.recorded_allocations < 20000 and abs(s.allocations - 101502) < 5 * s.allocations_error
// EXPECT: abs(s.leaked_blocks - 1500) < 5 * s.leaked_blocks_error
// EXPECT: 0 < s.allocated_bytes_error < s.allocated_bytes / 20
// EXPECT: total(by("large"), "allocations") == 502 and total(by("large"), "allocations_error") == 0
// EXPECT: by("in_pause") == []
// CHECK: sampled estimates from {{[0-9,]+}} recorded allocations, +- their standard error
// CHECK: allocations {{[0-9,]+}} +- {{[0-9,]+}} (
// CHECK: allocated {{[0-9.]+ MiB}} +- {{[0-9.]+ [KM]?i?B}} ({{[0-9,]+}} bytes)
// CHECK: leaked {{[0-9.]+ [KM]iB}} +- {{[0-9.]+ [KM]?i?B}} ({{[0-9,]+}} bytes) in {{[0-9,]+}} +- {{[0-9,]+}} blocks
// CHECK-NEXT: temporary - (not to be known from samples)
// CHECK: at peak error share leaked
// CHECK-NOT: temporary
// INFO: sample tiered:large=10240,medium=1024,large_rate=1000000ppm,medium_rate=125000ppm,small_rate=10000ppm,boost_threshold=10
// ERRORS: errors none
// ERRORS-NEXT: - double and invalid frees cannot be told from samples
//
// RUN: %memtrack dump %t.mtrace | awk '{print $3, $5}' > %t.first
// RUN: env MEMTRACK_OPTIONS=sample=tiered:sample_seed=9:sample_medium_rate=12.5 %run %t.mtrace %t
// RUN: %memtrack dump %t.mtrace | awk '{print $3, $5}' > %t.same && cmp %t.same %t.first
// RUN: env MEMTRACK_OPTIONS=sample=tiered:sample_seed=10:sample_medium_rate=12.5 %run %t.mtrace %t
// RUN: %memtrack dump %t.mtrace | awk '{print $3, $5}' > %t.other && not cmp -s %t.other %t.first
//
// RUN: env MEMTRACK_OPTIONS=sample=tiered:sample_seed=9 not --crash %run %t.mtrace %t kill
// RUN: ls %t.mtrace.live && %check %t.mtrace @%s
// RUN: env MEMTRACK_OPTIONS=sample=tiered:sample_seed=9 not --crash %run %t.mtrace %t early
// RUN: %memtrack info %t.mtrace | FileCheck --check-prefix=LIVE %s
// LIVE: live file joined: {{[1-9][0-9]*}} events
// RUN: %memtrack dump %t.mtrace | grep -c 'probability 0.0' | grep -x '[1-9][0-9]*'
// RUN: %check %t.mtrace 'abs(s.allocations - 1000) < 5 * s.allocations_error' 's.allocations_error > 0'
//
// RUN: env MEMTRACK_OPTIONS=sample=poisson:10K:sample_seed=9 %run %t.mtrace %t
// RUN: %check %t.mtrace 's.estimated and s.complete and not errors and s.unmatched_frees == 0' \
// RUN:   'abs(s.allocated_bytes - 27e6) < 5 * s.allocated_bytes_error' 'by("in_pause") == []' \
// RUN:   'process["sample"] == "poisson:10240"'
// RUN: %memtrack dump %t.mtrace | not grep probability
// RUN: env MEMTRACK_OPTIONS=sample=poisson:10K:sample_seed=9 not --crash %run %t.mtrace %t kill
// RUN: %check %t.mtrace 's.estimated and not errors and s.unmatched_frees == 0' \
// RUN:   'abs(s.allocated_bytes - 27e6) < 5 * s.allocated_bytes_error'
//
// Complete traces are as they were; together with a sample, they make no errors.
// RUN: %run %t.all.mtrace %t
// RUN: %check %t.all.mtrace 'not s.estimated and s.allocations == 101502' \
// RUN:   'not hasattr(s, "recorded_allocations") and not hasattr(s, "allocations_error")' \
// RUN:   '"sample" not in process'
// RUN: %memtrack report %t.all.mtrace | not grep -e '+-' -e estimate
// RUN: %memtrack report --format json %t.all.mtrace %t.mtrace | grep '"estimated":true'
// RUN: %memtrack report %t.all.mtrace %t.mtrace | grep 'sampled *1 of the traces; estimates from'
//
// RUN: env MEMTRACK_OPTIONS=sample=poisson:64K:help=1:output=%t.mtrace %t 2>&1 | grep -c sample_ | grep -x 9
#include <memtrack/memtrack.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCATE(name)                                                                             \
    __attribute__((noinline)) static void *name(size_t size) {                                     \
        void *volatile memory = malloc(size);                                                      \
        return memory;                                                                             \
    }
ALLOCATE(small)
ALLOCATE(large)
ALLOCATE(in_pause)
ALLOCATE(leaks)

static void *kept[100];

int main(int count, char **words) {
    void *paused[100];

    for (int i = 0; i < 98000; i++) {
        if (i == 1000 && count > 1 && !strcmp(words[1], "early"))
            raise(SIGKILL);
        free(kept[i % 100]);
        kept[i % 100] = small(i % 400 + 1);
    }
    for (int i = 0; i < 500; i++)
        free(large(10240 + i));
    for (int i = 0; i < 1500; i++)
        leaks(100 + i % 1000);
    for (int i = 0; i < 1500; i++) {
        free(kept[i % 100]);
        kept[i % 100] = small(1024 + i % 100);
    }
    memtrack_pause();
    if (memtrack_is_recording())
        return 2;
    for (int i = 0; i < 100; i++) {
        free(kept[i]);
        paused[i] = in_pause(20000);
    }
    memtrack_resume();
    if (!memtrack_is_recording())
        return 2;
    for (int i = 0; i < 100; i++)
        free(paused[i]);
    free(large(20000));
    free(large(20000));
    if (count > 1 && !strcmp(words[1], "kill"))
        raise(SIGKILL);
    return 0;
}
