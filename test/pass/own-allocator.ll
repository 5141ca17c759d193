; A program that brings its own allocator: calls to it are events, those inside its
; definition, also behind an alias, are not, and the runtime is told of it at every
; way in and out, once.
; RUN: %memtrack %s | FileCheck %s
; RUN: %memtrack %s | %opt -passes=memtrack,verify -S | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

; CHECK: @__memtrack_cell__Znam = {{.*}} { ptr @_Znam, ptr null }
@_Znam = alias ptr (i64), ptr @my_new_array

declare ptr @malloc(i64)
declare void @free(ptr)

; CHECK-LABEL: define ptr @_Znwm
; CHECK-NEXT: call void @__memtrack_enter_allocator()
; CHECK-NEXT: invoke ptr @malloc(i64 %n)
; CHECK: call void @__memtrack_leave_allocator()
; CHECK-NEXT: ret ptr
; CHECK: landingpad
; CHECK: call void @__memtrack_leave_allocator()
; CHECK-NEXT: resume
define ptr @_Znwm(i64 %n) {
  %p = call ptr @malloc(i64 %n)
  ret ptr %p
}
; CHECK-LABEL: define ptr @my_new_array
; CHECK-NEXT: call void @__memtrack_enter_allocator()
; CHECK: invoke ptr @malloc(i64 %n)
define ptr @my_new_array(i64 %n) {
  %p = call ptr @malloc(i64 %n)
  ret ptr %p
}
; Nothing is thrown here, and nothing called there.
; CHECK-LABEL: define void @_ZdlPv
; CHECK-NEXT: call void @__memtrack_enter_allocator()
; CHECK-NEXT: call void @free(ptr %p)
; CHECK-NEXT: call void @__memtrack_leave_allocator()
; CHECK-NEXT: ret void
define void @_ZdlPv(ptr %p) nounwind {
  call void @free(ptr %p)
  ret void
}
; CHECK-LABEL: define void @_ZdaPv
; CHECK-NEXT: ret void
define void @_ZdaPv(ptr %p) nounwind {
  ret void
}
; CHECK-LABEL: define void @f
; CHECK-NEXT: call ptr @__memtrack_malloc(i64 1,
; CHECK-NEXT: call ptr @__memtrack_malloc(i64 2,
define void @f() {
  call ptr @_Znwm(i64 1)
  call ptr @_Znam(i64 2)
  ret void
}
