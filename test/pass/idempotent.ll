; Running again changes nothing; where there is something new, it shares what the first
; run made.
; RUN: %memtrack %s -o %t.1.ll
; RUN: %memtrack %t.1.ll -o %t.2.ll
; RUN: tail -n +2 %t.1.ll >%t.1
; RUN: tail -n +2 %t.2.ll >%t.2
; RUN: diff %t.1 %t.2
; RUN: sed 's/@f(/@late(/' %s | grep -v '^declare\|^target' >%t.late.ll
; RUN: cat %t.1.ll %t.late.ll | %memtrack - | FileCheck %s

; CHECK: $__memtrack_cell_malloc = comdat any
; CHECK-NOT: $__memtrack_cell_malloc
; CHECK: @llvm.global_ctors = appending global [1 x
; CHECK-LABEL: define ptr @late
; CHECK: call ptr @__memtrack_malloc(
; CHECK-NOT: define {{.*}}@__memtrack_{{cell_malloc|module_init}}.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @malloc(i64)
define ptr @f() {
  %p = call ptr @malloc(i64 1)
  ret ptr %p
}
