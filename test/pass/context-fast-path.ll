; A path that makes no call has no access at all: the link is set up, and taken back, where the calls
; are.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() nounwind
declare void @second() nounwind

; CHECK-LABEL: define i32 @f
; CHECK:      entry:
; CHECK-NEXT: %memtrack.link = alloca
; CHECK-NEXT: %fast = icmp
; CHECK-NEXT: br i1
; CHECK:      slow:
; CHECK-NEXT: load volatile ptr, ptr @__memtrack_context
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void @first()
; CHECK:      store volatile i8 1
; CHECK-NEXT: call void @second()
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: br label %done
; CHECK:      done:
; CHECK-NEXT: phi
; CHECK-NEXT: ret i32
define i32 @f(i32 %n) {
entry:
  %fast = icmp eq i32 %n, 0
  br i1 %fast, label %done, label %slow, !prof !0
slow:
  call void @first()
  call void @second()
  br label %done
done:
  %r = phi i32 [ 1, %entry ], [ 2, %slow ]
  ret i32 %r
}
!0 = !{!"branch_weights", i32 1000, i32 1}
