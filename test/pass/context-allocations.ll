; An allocation needs no store of its own, since its site says where it is. Its site plus one says
; that its function's link is in place; one in a function without a link is given the site itself.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() nounwind
declare ptr @malloc(i64)
declare void @free(ptr)

; CHECK-LABEL: define ptr @linked
; CHECK:      call void @first()
; CHECK-NEXT: %p = call ptr @__memtrack_malloc(i64 8, ptr getelementptr (i8, {{.*}}@__memtrack_sites{{.*}} i64 1), i64 1))
define ptr @linked() {
  call void @first()
  %p = call ptr @malloc(i64 8)
  ret ptr %p
}

; CHECK-LABEL: define void @leaf
; CHECK-NEXT: %p = call ptr @__memtrack_malloc(i64 8, ptr getelementptr inbounds {{.*}}@__memtrack_sites.{{[0-9]+}}, i64 0, i64 0))
; CHECK-NEXT: call void @__memtrack_free(ptr %p, ptr getelementptr inbounds {{.*}}@__memtrack_sites.{{[0-9]+}}, i64 0, i64 1))
; CHECK-NEXT: ret void
define void @leaf() {
  %p = call ptr @malloc(i64 8)
  call void @free(ptr %p)
  ret void
}

; Beside the link's region, in the same function: not linked.
; CHECK-LABEL: define ptr @beside
; CHECK:      slow:
; CHECK:      call void @first()
; CHECK:      done:
; CHECK-NEXT: %p = call ptr @__memtrack_malloc(i64 8, ptr getelementptr inbounds
define ptr @beside(i1 %c) {
  br i1 %c, label %done, label %slow, !prof !0
slow:
  call void @first()
  br label %done
done:
  %p = call ptr @malloc(i64 8)
  ret ptr %p
}
!0 = !{!"branch_weights", i32 1000, i32 1}
