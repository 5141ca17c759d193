; Every return takes the link back: the context is again what it was. A call that does not return
; needs nothing.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() nounwind
declare void @never() noreturn nounwind

; CHECK-LABEL: define i32 @f
; CHECK: one:
; CHECK:      %[[AT:.*]] = getelementptr {{.*}}%memtrack.link, i32 0, i32 0
; CHECK-NEXT: %[[CALLER:.*]] = load volatile ptr, ptr %[[AT]], align 8, !nosanitize
; CHECK-NEXT: store volatile ptr %[[CALLER]], ptr @__memtrack_context, align 8, !nosanitize
; CHECK-NEXT: ret i32 1
; CHECK: two:
; CHECK:      %[[AT:.*]] = getelementptr {{.*}}%memtrack.link, i32 0, i32 0
; CHECK-NEXT: %[[CALLER:.*]] = load volatile ptr, ptr %[[AT]], align 8, !nosanitize
; CHECK-NEXT: store volatile ptr %[[CALLER]], ptr @__memtrack_context, align 8, !nosanitize
; CHECK-NEXT: ret i32 2
; CHECK:      call void @never()
; CHECK-NEXT: unreachable
define i32 @f(i32 %n) {
  call void @first()
  switch i32 %n, label %bad [
    i32 1, label %one
    i32 2, label %two
  ]
one:
  ret i32 1
two:
  ret i32 2
bad:
  call void @never()
  unreachable
}
