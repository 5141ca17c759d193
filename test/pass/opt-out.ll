; Functions whose calls stay: opted out, without a body of their own, or run when
; nothing else can be called.
; RUN: %memtrack %s | FileCheck %s --implicit-check-not=__memtrack_malloc

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

@i = ifunc ptr (i64), ptr @resolver

declare ptr @malloc(i64)

; CHECK-LABEL: define ptr @resolver
; CHECK: call ptr @malloc(i64 1)
define ptr @resolver() {
  %p = call ptr @malloc(i64 1)
  ret ptr %p
}

; CHECK-LABEL: define ptr @opted_out
; CHECK: call ptr @malloc(i64 2)
define ptr @opted_out() disable_sanitizer_instrumentation {
  %p = call ptr @malloc(i64 2)
  ret ptr %p
}

; CHECK-LABEL: define available_externally ptr @elsewhere
; CHECK: call ptr @malloc(i64 3)
define available_externally ptr @elsewhere() {
  %p = call ptr @malloc(i64 3)
  ret ptr %p
}

; CHECK-LABEL: define ptr @naked
; CHECK: call ptr @malloc(i64 4)
define ptr @naked() naked {
  %p = call ptr @malloc(i64 4)
  ret ptr %p
}

; CHECK-LABEL: define ptr @__memtrack_own
; CHECK: call ptr @malloc(i64 5)
define ptr @__memtrack_own() {
  %p = call ptr @malloc(i64 5)
  ret ptr %p
}
; CHECK-NOT: module_init
