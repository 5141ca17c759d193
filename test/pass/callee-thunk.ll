; The site names the program's function by a thunk, one a function and module, which
; needs what the code generator is told of the declaration.
; RUN: %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @malloc(i64) #0
declare void @free(ptr) #1

; CHECK: $__memtrack_callee_malloc = comdat any
; CHECK: @__memtrack_sites = {{.*}}ptr @__memtrack_callee_malloc to i64{{.*}}ptr @__memtrack_callee_malloc to i64{{.*}}ptr @__memtrack_callee_free to i64
define void @f() {
  %p = call ptr @malloc(i64 1)
  %q = call ptr @malloc(i64 2)
  call void @free(ptr %q)
  ret void
}
; CHECK: define linkonce_odr hidden ptr @__memtrack_callee_malloc(i64 %0) #[[MALLOC:[0-9]+]] comdat {
; CHECK-NEXT: %2 = musttail call ptr @malloc(i64 %0)
; CHECK-NEXT: ret ptr %2
; CHECK: define linkonce_odr hidden void @__memtrack_callee_free(ptr %0) #[[FREE:[0-9]+]] comdat {
; CHECK-NEXT: musttail call void @free(ptr %0)
; CHECK-NEXT: ret void
; CHECK-DAG: attributes #[[MALLOC]] = { noinline "target-cpu"="x86-64-v3" }
; CHECK-DAG: attributes #[[FREE]] = { noinline nounwind }

attributes #0 = { "target-cpu"="x86-64-v3" }
attributes #1 = { nounwind }
