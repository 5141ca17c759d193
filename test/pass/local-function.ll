; A static function is not the allocator, whatever its name.
; RUN: %memtrack %s | FileCheck %s --implicit-check-not=__memtrack

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

define internal ptr @malloc(i64 %n) {
  ret ptr null
}
; CHECK: call ptr @malloc(i64 %n)
define ptr @f(i64 %n) {
  %p = call ptr @malloc(i64 %n)
  ret ptr %p
}
