; A program that brings its own allocator: calls to it are events, those inside its
; definition, also behind an alias, are not.
; RUN: %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@_Znam = alias ptr (i64), ptr @my_new_array

declare ptr @malloc(i64)

; CHECK-LABEL: define ptr @_Znwm
; CHECK: call ptr @malloc(i64 %n)
define ptr @_Znwm(i64 %n) {
  %p = call ptr @malloc(i64 %n)
  ret ptr %p
}
; CHECK-LABEL: define ptr @my_new_array
; CHECK: call ptr @malloc(i64 %n)
define ptr @my_new_array(i64 %n) {
  %p = call ptr @malloc(i64 %n)
  ret ptr %p
}
; CHECK-LABEL: define void @f
; CHECK-NEXT: call ptr @__memtrack_malloc(i64 1,
; CHECK-NEXT: call ptr @__memtrack_malloc(i64 2,
define void @f() {
  call ptr @_Znwm(i64 1)
  call ptr @_Znam(i64 2)
  ret void
}
; CHECK: define {{.*}} @__memtrack_callee__Znam(i64 %0)
; CHECK-NEXT: musttail call ptr @_Znam(i64 %0)
