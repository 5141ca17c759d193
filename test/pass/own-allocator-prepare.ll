; A program's own allocator is not inlined before its calls are rewritten, unless it has to be.
; RUN: %opt -passes=memtrack-prepare,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @other(i64)

; CHECK: define ptr @_Znwm(i64 %size) #[[KEPT:[0-9]+]]
define ptr @_Znwm(i64 %size) {
  %block = call ptr @other(i64 %size)
  ret ptr %block
}

; CHECK: define ptr @_Znam(i64 %size) #[[INLINED:[0-9]+]]
define ptr @_Znam(i64 %size) alwaysinline {
  %block = call ptr @other(i64 %size)
  ret ptr %block
}

; CHECK: define ptr @helper(i64 %size) {
define ptr @helper(i64 %size) {
  %block = call ptr @other(i64 %size)
  ret ptr %block
}

; CHECK-DAG: attributes #[[KEPT]] = { noinline }
; CHECK-DAG: attributes #[[INLINED]] = { alwaysinline }
