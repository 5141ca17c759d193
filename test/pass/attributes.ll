; A declaration's attributes move to the calls, since one entry point serves
; functions that throw and functions that do not. What makes the optimiser think
; that a call touches no memory or may be removed is left behind.
; RUN: %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare noalias noundef ptr @malloc(i64 noundef) #0
declare noalias nonnull ptr @_Znwm(i64 noundef) #1
declare void @free(ptr nocapture noundef) #2

; CHECK-LABEL: define void @f
define void @f(ptr %x) {
; CHECK: call noalias noundef align 8 ptr @__memtrack_malloc(i64 noundef 8, ptr {{.*}}) #[[MALLOC:[0-9]+]]
  %a = call align 8 ptr @malloc(i64 8) #3
; CHECK: call noalias nonnull ptr @__memtrack_malloc(i64 noundef 8, ptr {{.*}}) #[[NEW:[0-9]+]]
  %b = call ptr @_Znwm(i64 8) #4
; CHECK: call void @__memtrack_free(ptr nocapture noundef %x, ptr {{.*}}) #[[FREE:[0-9]+]]
  call void @free(ptr %x)
  ret void
}
; CHECK: declare ptr @__memtrack_malloc(i64, ptr) #[[ENTRY:[0-9]+]]
; CHECK: declare void @__memtrack_free(ptr, ptr){{$}}

; CHECK-DAG: attributes #[[ENTRY]] = { nonlazybind }
; CHECK-DAG: attributes #[[MALLOC]] = { nounwind willreturn allocsize(0) }
; CHECK-DAG: attributes #[[NEW]] = { allocsize(0) }
; CHECK-DAG: attributes #[[FREE]] = { nounwind willreturn }

attributes #0 = { nofree nounwind willreturn allocsize(0) nonlazybind "alloc-family"="malloc" }
attributes #1 = { nobuiltin allocsize(0) }
attributes #2 = { nounwind willreturn }
attributes #3 = { inaccessiblememonly nofree nosync "alloc-family"="malloc" }
attributes #4 = { builtin }
