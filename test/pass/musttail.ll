; A musttail call cannot take the site; it is left alone, with a remark.
; RUN: %memtrack -pass-remarks-missed=memtrack %s 2>%t.remarks | FileCheck %s
; RUN: FileCheck --check-prefix=REMARK %s <%t.remarks

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @malloc(i64)

; REMARK: call of malloc left alone: a musttail call cannot take another argument
; REMARK-NOT: left alone
; CHECK: musttail call ptr @malloc(i64 %n)
define ptr @f(i64 %n) {
  %p = musttail call ptr @malloc(i64 %n)
  ret ptr %p
}
; CHECK: tail call ptr @__memtrack_malloc(i64 %n, ptr
define ptr @g(i64 %n) {
  %p = tail call ptr @malloc(i64 %n)
  ret ptr %p
}
