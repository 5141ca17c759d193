; A name that the C library uses for mathematics may be the program's: without a floating-point
; parameter, or with a body that allocates, it is. What may be replaced is not judged by its body.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @log(i32, ptr)
declare ptr @malloc(i64)

; CHECK-LABEL: define void @logs
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void @log(
define void @logs(ptr %p) {
  call void @log(i32 1, ptr %p)
  ret void
}
define double @sin(double %x) noinline {
  call ptr @malloc(i64 8)
  ret double %x
}
; CHECK-LABEL: define double @own
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call double @sin(
define double @own(double %x) {
  %r = call double @sin(double %x)
  %s = fadd double %r, %r
  ret double %s
}
define weak void @replaceable() {
  ret void
}
; CHECK-LABEL: define void @calls_replaceable
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void @replaceable(
define void @calls_replaceable() {
  call void @replaceable()
  ret void
}
; CHECK-LABEL: define void @indirect
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void %p(
define void @indirect(ptr %p) {
  call void %p()
  ret void
}
