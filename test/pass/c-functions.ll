; Each function of the C family goes to its entry point, the site last.
; RUN: %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @malloc(i64)
define ptr @call_malloc(i64 %0) {
; CHECK-LABEL: define ptr @call_malloc(
; CHECK-NEXT: %r = call ptr @__memtrack_malloc(i64 %0, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @malloc(i64 %0)
  ret ptr %r
}

declare ptr @valloc(i64)
define ptr @call_valloc(i64 %0) {
; CHECK-LABEL: define ptr @call_valloc(
; CHECK-NEXT: %r = call ptr @__memtrack_malloc(i64 %0, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @valloc(i64 %0)
  ret ptr %r
}

declare ptr @pvalloc(i64)
define ptr @call_pvalloc(i64 %0) {
; CHECK-LABEL: define ptr @call_pvalloc(
; CHECK-NEXT: %r = call ptr @__memtrack_malloc(i64 %0, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @pvalloc(i64 %0)
  ret ptr %r
}

declare ptr @calloc(i64, i64)
define ptr @call_calloc(i64 %0, i64 %1) {
; CHECK-LABEL: define ptr @call_calloc(
; CHECK-NEXT: %r = call ptr @__memtrack_calloc(i64 %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @calloc(i64 %0, i64 %1)
  ret ptr %r
}

declare ptr @realloc(ptr, i64)
define ptr @call_realloc(ptr %0, i64 %1) {
; CHECK-LABEL: define ptr @call_realloc(
; CHECK-NEXT: %r = call ptr @__memtrack_realloc(ptr %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @realloc(ptr %0, i64 %1)
  ret ptr %r
}

declare ptr @reallocarray(ptr, i64, i64)
define ptr @call_reallocarray(ptr %0, i64 %1, i64 %2) {
; CHECK-LABEL: define ptr @call_reallocarray(
; CHECK-NEXT: %r = call ptr @__memtrack_reallocarray(ptr %0, i64 %1, i64 %2, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @reallocarray(ptr %0, i64 %1, i64 %2)
  ret ptr %r
}

declare ptr @aligned_alloc(i64, i64)
define ptr @call_aligned_alloc(i64 %0, i64 %1) {
; CHECK-LABEL: define ptr @call_aligned_alloc(
; CHECK-NEXT: %r = call ptr @__memtrack_aligned_alloc(i64 %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @aligned_alloc(i64 %0, i64 %1)
  ret ptr %r
}

declare ptr @memalign(i64, i64)
define ptr @call_memalign(i64 %0, i64 %1) {
; CHECK-LABEL: define ptr @call_memalign(
; CHECK-NEXT: %r = call ptr @__memtrack_aligned_alloc(i64 %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @memalign(i64 %0, i64 %1)
  ret ptr %r
}

declare i32 @posix_memalign(ptr, i64, i64)
define i32 @call_posix_memalign(ptr %0, i64 %1, i64 %2) {
; CHECK-LABEL: define i32 @call_posix_memalign(
; CHECK-NEXT: %r = call i32 @__memtrack_posix_memalign(ptr %0, i64 %1, i64 %2, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call i32 @posix_memalign(ptr %0, i64 %1, i64 %2)
  ret i32 %r
}

declare ptr @strdup(ptr)
define ptr @call_strdup(ptr %0) {
; CHECK-LABEL: define ptr @call_strdup(
; CHECK-NEXT: %r = call ptr @__memtrack_strdup(ptr %0, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @strdup(ptr %0)
  ret ptr %r
}

declare ptr @__strdup(ptr)
define ptr @call___strdup(ptr %0) {
; CHECK-LABEL: define ptr @call___strdup(
; CHECK-NEXT: %r = call ptr @__memtrack_strdup(ptr %0, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @__strdup(ptr %0)
  ret ptr %r
}

declare ptr @strndup(ptr, i64)
define ptr @call_strndup(ptr %0, i64 %1) {
; CHECK-LABEL: define ptr @call_strndup(
; CHECK-NEXT: %r = call ptr @__memtrack_strndup(ptr %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @strndup(ptr %0, i64 %1)
  ret ptr %r
}

declare ptr @__strndup(ptr, i64)
define ptr @call___strndup(ptr %0, i64 %1) {
; CHECK-LABEL: define ptr @call___strndup(
; CHECK-NEXT: %r = call ptr @__memtrack_strndup(ptr %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @__strndup(ptr %0, i64 %1)
  ret ptr %r
}

declare ptr @wcsdup(ptr)
define ptr @call_wcsdup(ptr %0) {
; CHECK-LABEL: define ptr @call_wcsdup(
; CHECK-NEXT: %r = call ptr @__memtrack_wcsdup(ptr %0, ptr {{.*}}@__memtrack_sites{{.*}})
  %r = call ptr @wcsdup(ptr %0)
  ret ptr %r
}

declare void @free(ptr)
define void @call_free(ptr %0) {
; CHECK-LABEL: define void @call_free(
; CHECK-NEXT: call void @__memtrack_free(ptr %0, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @free(ptr %0)
  ret void
}

