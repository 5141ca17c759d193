; The early pass keeps calls apart that are part of contexts, as it does allocations, and no others.
; RUN: %contexts %opt -passes=memtrack-prepare,verify -S %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @malloc(i64)
declare ptr @other(i64)
declare i64 @strlen(ptr)

; CHECK: call ptr @malloc(i64 1) #[[NOMERGE:[0-9]+]]
; CHECK: call ptr @other(i64 1) #[[NOMERGE]]
; CHECK: call i64 @strlen(ptr null){{$}}
define void @f() {
  call ptr @malloc(i64 1)
  call ptr @other(i64 1)
  call i64 @strlen(ptr null)
  ret void
}
; CHECK: attributes #[[NOMERGE]] = { nomerge }
