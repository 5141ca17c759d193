; A loop with one call stores nothing in its rounds: the link is set up before it and taken back
; behind it.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() nounwind

; CHECK-LABEL: define void @f
; CHECK:      entry:
; CHECK:      store volatile i64 -1513947136
; CHECK:      br label %body
; CHECK:      body:
; CHECK-NEXT: %i = phi
; CHECK-NEXT: call void @first()
; CHECK-NEXT: %next = add
; CHECK-NEXT: %done = icmp
; CHECK-NEXT: br i1
; CHECK:      end:
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: ret void
define void @f(i32 %n) {
entry:
  br label %body
body:
  %i = phi i32 [ 0, %entry ], [ %next, %body ]
  call void @first()
  %next = add i32 %i, 1
  %done = icmp eq i32 %next, %n
  br i1 %done, label %end, label %body
end:
  ret void
}
