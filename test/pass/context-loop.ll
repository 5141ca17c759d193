; A loop with one call stores nothing in its rounds: the link is set up before it and taken back
; behind it.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() nounwind
declare void @second() nounwind

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

; What is called most often is what the link starts with, though another call stands before it.
; CHECK-LABEL: define void @often
; CHECK:      entry:
; CHECK:      store volatile i64 -1513947135
; CHECK:      once:
; CHECK:      store volatile i8 0
; CHECK-NEXT: call void @first()
; CHECK-NEXT: br label %end
; CHECK:      body:
; CHECK-NEXT: call void @second()
define void @often(i1 %rarely, ptr %again) {
entry:
  br i1 %rarely, label %once, label %body
once:
  call void @first()
  br label %end
body:
  call void @second()
  %more = load volatile i1, ptr %again
  br i1 %more, label %body, label %end
end:
  ret void
}
