; A `tail` call promises not to look at its caller's stack; the runtime does. So calls under a link
; lose the word, but no others, and notail stays.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare i32 @first(i32) nounwind
declare ptr @malloc(i64)

; CHECK-LABEL: define i32 @f
; CHECK: {{^}}  %a = call i32 @first(i32 1)
; CHECK: {{^}}  %b = notail call i32 @first(i32 2)
; CHECK: {{^}}  %p = call ptr @__memtrack_malloc(
define i32 @f() {
  %a = tail call i32 @first(i32 1)
  %b = notail call i32 @first(i32 2)
  %p = tail call ptr @malloc(i64 8)
  %r = add i32 %a, %b
  ret i32 %r
}
; CHECK-LABEL: define i64 @leaf
; CHECK: tail call ptr @__memtrack_malloc(
define i64 @leaf() {
  %p = tail call ptr @malloc(i64 8)
  %i = ptrtoint ptr %p to i64
  ret i64 %i
}
