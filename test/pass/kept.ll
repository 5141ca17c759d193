; What the program says of a call is still said of the rewritten one: its name,
; kind of tail call, attributes at their indices, bundles, metadata.
; RUN: %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @malloc(i64)
declare ptr @realloc(ptr, i64)
declare void @free(ptr)

; CHECK-LABEL: define void @f
define void @f(ptr %x) {
; CHECK: %named = tail call noalias nonnull align 16 ptr @__memtrack_malloc(i64 noundef 8, ptr {{.*}}) #[[SIZED:[0-9]+]] [ "some.bundle"(i32 7) ], !prof ![[PROF:[0-9]+]], !mine ![[MINE:[0-9]+]]
  %named = tail call noalias nonnull align 16 ptr @malloc(i64 noundef 8) #0 [ "some.bundle"(i32 7) ], !prof !0, !mine !1
; CHECK: notail call ptr @__memtrack_realloc(ptr nocapture noundef %x, i64 signext 9, ptr {{.*}})
  %r = notail call ptr @realloc(ptr nocapture noundef %x, i64 signext 9)
; CHECK: call void @__memtrack_free(ptr dereferenceable(4) %x, ptr {{.*}}) #[[COLD:[0-9]+]]
  call void @free(ptr dereferenceable(4) %x) #1
  ret void
}
; CHECK-DAG: attributes #[[SIZED]] = { nomerge allocsize(0) "mine"="yes" }
; CHECK-DAG: attributes #[[COLD]] = { cold nounwind }
; CHECK-DAG: ![[PROF]] = !{!"branch_weights", i32 3}
; CHECK-DAG: ![[MINE]] = !{!"mine"}

attributes #0 = { nomerge allocsize(0) "mine"="yes" }
attributes #1 = { cold nounwind }
!0 = !{!"branch_weights", i32 3}
!1 = !{!"mine"}
