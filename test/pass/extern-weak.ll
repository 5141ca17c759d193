; A weak function may be missing, and the program may test for that; its calls are
; left alone, with a remark.
; RUN: %memtrack -pass-remarks-missed=memtrack %s 2>%t.remarks | FileCheck %s
; RUN: FileCheck --check-prefix=REMARK %s <%t.remarks

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare extern_weak ptr @pvalloc(i64)

; REMARK: call of pvalloc left alone: the function is weak
; CHECK: call ptr @pvalloc(i64 %n)
define ptr @f(i64 %n) {
  %p = call ptr @pvalloc(i64 %n)
  ret ptr %p
}
