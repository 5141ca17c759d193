; Running again changes nothing, and a function whose calls have been instrumented keeps one link.
; RUN: %contexts %memtrack %s -o %t.1.ll
; RUN: %contexts %memtrack %t.1.ll -o %t.2.ll
; RUN: tail -n +2 %t.1.ll >%t.1
; RUN: tail -n +2 %t.2.ll >%t.2
; RUN: diff %t.1 %t.2
; RUN: grep -c 'alloca { ptr, ptr, i64 }' %t.2 | grep -x 1

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first()
declare ptr @malloc(i64)
define ptr @f() {
  call void @first()
  call void @first()
  %p = call ptr @malloc(i64 1)
  ret ptr %p
}
