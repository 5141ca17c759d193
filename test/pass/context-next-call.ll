; Before another call, its number is stored as a byte, and nothing else: a callee that throws nothing
; leaves the context as it was.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() nounwind
declare void @second() nounwind
declare void @third() nounwind

; CHECK-LABEL: define void @f
; CHECK:      call void @first()
; CHECK-NEXT: %[[CALL:.*]] = getelementptr {{.*}}%memtrack.link, i32 0, i32 2
; CHECK-NEXT: store volatile i8 1, ptr %[[CALL]], align 1, !nosanitize
; CHECK-NEXT: call void @second()
; CHECK-NEXT: %[[CALL:.*]] = getelementptr {{.*}}%memtrack.link, i32 0, i32 2
; CHECK-NEXT: store volatile i8 2, ptr %[[CALL]], align 1, !nosanitize
; CHECK-NEXT: call void @third()
; CHECK-NEXT: getelementptr {{.*}}%memtrack.link, i32 0, i32 0
define void @f() {
  call void @first()
  call void @second()
  call void @third()
  ret void
}
