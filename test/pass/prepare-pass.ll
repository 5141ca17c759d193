; The early pass marks what the late one will rewrite, and nothing else.
; RUN: %opt -passes=memtrack-prepare,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @malloc(i64)
declare ptr @other(i64)

; CHECK: call ptr @malloc(i64 1) #[[NOMERGE:[0-9]+]]
; CHECK: call ptr @other(i64 1){{$}}
define void @f() {
  call ptr @malloc(i64 1)
  call ptr @other(i64 1)
  ret void
}
; CHECK: attributes #[[NOMERGE]] = { nomerge }
