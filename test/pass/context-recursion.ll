; Functions that call each other in a circle allocate if one of them does, and else not.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @free(ptr)

; CHECK-LABEL: define i32 @even
; CHECK-NEXT: %m = sub
; CHECK-NEXT: %r = call i32 @odd(i32 %m)
; CHECK-NEXT: %s = add
define i32 @even(i32 %n) {
  %m = sub i32 %n, 1
  %r = call i32 @odd(i32 %m)
  %s = add i32 %r, 1
  ret i32 %s
}
; CHECK-LABEL: define i32 @odd
; CHECK-NEXT: %r = call i32 @even(i32 %n)
define i32 @odd(i32 %n) {
  %r = call i32 @even(i32 %n)
  %s = add i32 %r, 1
  ret i32 %s
}
; CHECK-LABEL: define i32 @ping
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: %r = call i32 @pong(
define i32 @ping(ptr %p) {
  %r = call i32 @pong(ptr %p)
  %s = add i32 %r, 1
  ret i32 %s
}
; CHECK-LABEL: define i32 @pong
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: %r = call i32 @rally(
define i32 @pong(ptr %p) {
  %r = call i32 @rally(ptr %p)
  %s = add i32 %r, 1
  ret i32 %s
}
; CHECK-LABEL: define i32 @rally
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: %r = call i32 @ping(
; CHECK-NEXT: call void @__memtrack_free({{.*}}, i64 1))
define i32 @rally(ptr %p) {
  %r = call i32 @ping(ptr %p)
  call void @free(ptr %p)
  ret i32 %r
}
