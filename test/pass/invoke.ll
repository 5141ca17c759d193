; An invoke stays one, with its destinations and the uses of its result.
; RUN: %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @_Znwm(i64)
declare i32 @__gxx_personality_v0(...)

; CHECK-LABEL: define ptr @f
; CHECK:      %p = invoke noalias ptr @__memtrack_malloc(i64 8, ptr {{.*}}@__memtrack_sites
; CHECK-NEXT:   to label %ok unwind label %bad
; CHECK:      ok:
; CHECK-NEXT:   %q = phi ptr [ %p, %entry ]
; CHECK-NEXT:   ret ptr %q
define ptr @f() personality ptr @__gxx_personality_v0 {
entry:
  %p = invoke noalias ptr @_Znwm(i64 8) to label %ok unwind label %bad
ok:
  %q = phi ptr [ %p, %entry ]
  ret ptr %q
bad:
  %l = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %l
}
