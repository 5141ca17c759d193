; A function with a link writes to memory, whatever was known of it before.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() inaccessiblememonly nounwind

; CHECK: define void @f() #[[F:[0-9]+]]
; CHECK: attributes #[[F]] = {
; CHECK-NOT: {{memonly|memory[(]}}
; CHECK-SAME: nounwind
; CHECK-NOT: {{memonly|memory[(]}}
; CHECK-SAME: }
define void @f() inaccessiblememonly nounwind {
  call void @first()
  ret void
}
