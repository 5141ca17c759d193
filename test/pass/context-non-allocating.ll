; Calls that cannot lead to an allocation are no part of contexts: of libraries' functions that are
; known, of functions seen to call none, of those that only read memory, of assembly code.
; RUN: %contexts %memtrack %s | FileCheck %s --implicit-check-not=volatile

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @memcpy(ptr, ptr, i64)
declare i64 @strlen(ptr)
declare double @log(double)
declare double @pure(double) readonly
declare void @of_arguments(ptr) argmemonly
declare double @llvm.sqrt.f64(double)

; CHECK-LABEL: define i32 @leaf
define i32 @leaf(i32 %n) {
  %r = add i32 %n, 1
  ret i32 %r
}
; CHECK-LABEL: i32 @inner
define internal i32 @inner(i32 %n) {
  %r = call i32 @leaf(i32 %n)
  %s = add i32 %r, 1
  ret i32 %s
}
; CHECK-LABEL: define void @f
define void @f(ptr %p, ptr %q, double %x) {
  %n = call i64 @strlen(ptr %p)
  call ptr @memcpy(ptr %q, ptr %p, i64 %n)
  %a = call double @log(double %x)
  %b = call double @pure(double %x)
  call void @of_arguments(ptr %p)
  %c = call double @llvm.sqrt.f64(double %x)
  %d = call i32 @leaf(i32 1)
  %e = call i32 @inner(i32 1)
  call void asm sideeffect "nop", ""()
  ret void
}
