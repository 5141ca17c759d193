; A function elsewhere may catch what its instrumented callees throw, or go on on another stack; the
; next call then makes the link the context again. One that is seen, or throws nothing, does not.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @may_catch()
declare void @may_not() nounwind
declare void @_Z9may_catchv() nounwind
declare void @switch_to(ptr) nounwind

; CHECK-LABEL: define void @f
; CHECK:      call void @may_catch()
; CHECK:      store volatile i8
; CHECK-NEXT: store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void @may_not()
; CHECK-NEXT: getelementptr
; CHECK-NEXT: store volatile i8
; CHECK-NEXT: call void @_Z9may_catchv()
; CHECK-NEXT: getelementptr
; CHECK-NEXT: store volatile i8
; CHECK-NEXT: store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void @switch_to(
; CHECK-NEXT: getelementptr
; CHECK-NEXT: store volatile i8
; CHECK-NEXT: store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void @may_not()
define void @f(ptr %p) {
  call void @may_catch()
  call void @may_not()
  call void @_Z9may_catchv()
  call void @switch_to(ptr %p)
  call void @may_not()
  ret void
}

; Through a pointer, all may be called.
; CHECK-LABEL: define void @indirect
; CHECK:      call void %p()
; CHECK:      store volatile i8
; CHECK-NEXT: store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void %p()
; CHECK:      store volatile i8
; CHECK-NEXT: call void @may_not()
define void @indirect(ptr %p) {
  call void %p()
  call void %p() nounwind
  call void @may_not()
  ret void
}
