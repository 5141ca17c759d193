; Each operator new goes to its entry point, the site last.
; RUN: %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @_Znwm(i64)
define ptr @call__Znwm(i64 %0) {
; CHECK-LABEL: define ptr @call__Znwm(
; CHECK-NEXT: %r = call ptr @__memtrack_malloc(i64 %0, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @_Znwm(i64 %0)
  ret ptr %r
}

declare ptr @_ZnwmRKSt9nothrow_t(i64, ptr)
define ptr @call__ZnwmRKSt9nothrow_t(i64 %0, ptr %1) {
; CHECK-LABEL: define ptr @call__ZnwmRKSt9nothrow_t(
; CHECK-NEXT: %r = call ptr @__memtrack_new_nothrow(i64 %0, ptr %1, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @_ZnwmRKSt9nothrow_t(i64 %0, ptr %1)
  ret ptr %r
}

declare ptr @_ZnwmSt11align_val_t(i64, i64)
define ptr @call__ZnwmSt11align_val_t(i64 %0, i64 %1) {
; CHECK-LABEL: define ptr @call__ZnwmSt11align_val_t(
; CHECK-NEXT: %r = call ptr @__memtrack_new_aligned(i64 %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @_ZnwmSt11align_val_t(i64 %0, i64 %1)
  ret ptr %r
}

declare ptr @_ZnwmSt11align_val_tRKSt9nothrow_t(i64, i64, ptr)
define ptr @call__ZnwmSt11align_val_tRKSt9nothrow_t(i64 %0, i64 %1, ptr %2) {
; CHECK-LABEL: define ptr @call__ZnwmSt11align_val_tRKSt9nothrow_t(
; CHECK-NEXT: %r = call ptr @__memtrack_new_aligned_nothrow(i64 %0, i64 %1, ptr %2, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @_ZnwmSt11align_val_tRKSt9nothrow_t(i64 %0, i64 %1, ptr %2)
  ret ptr %r
}

declare ptr @_Znam(i64)
define ptr @call__Znam(i64 %0) {
; CHECK-LABEL: define ptr @call__Znam(
; CHECK-NEXT: %r = call ptr @__memtrack_malloc(i64 %0, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @_Znam(i64 %0)
  ret ptr %r
}

declare ptr @_ZnamRKSt9nothrow_t(i64, ptr)
define ptr @call__ZnamRKSt9nothrow_t(i64 %0, ptr %1) {
; CHECK-LABEL: define ptr @call__ZnamRKSt9nothrow_t(
; CHECK-NEXT: %r = call ptr @__memtrack_new_nothrow(i64 %0, ptr %1, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @_ZnamRKSt9nothrow_t(i64 %0, ptr %1)
  ret ptr %r
}

declare ptr @_ZnamSt11align_val_t(i64, i64)
define ptr @call__ZnamSt11align_val_t(i64 %0, i64 %1) {
; CHECK-LABEL: define ptr @call__ZnamSt11align_val_t(
; CHECK-NEXT: %r = call ptr @__memtrack_new_aligned(i64 %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @_ZnamSt11align_val_t(i64 %0, i64 %1)
  ret ptr %r
}

declare ptr @_ZnamSt11align_val_tRKSt9nothrow_t(i64, i64, ptr)
define ptr @call__ZnamSt11align_val_tRKSt9nothrow_t(i64 %0, i64 %1, ptr %2) {
; CHECK-LABEL: define ptr @call__ZnamSt11align_val_tRKSt9nothrow_t(
; CHECK-NEXT: %r = call ptr @__memtrack_new_aligned_nothrow(i64 %0, i64 %1, ptr %2, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @_ZnamSt11align_val_tRKSt9nothrow_t(i64 %0, i64 %1, ptr %2)
  ret ptr %r
}

