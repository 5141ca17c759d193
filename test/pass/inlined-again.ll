; When instrumented bitcode is optimised again, sites that more than one function has
; come to use are tied to none, and those of a deleted function to the one they went to.
; RUN: %memtrack %s -o %t.ll
; RUN: %opt -passes=always-inline,globaldce,memtrack,verify -S %t.ll | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

$shared = comdat any
$caller = comdat any

declare void @free(ptr)

; CHECK: @__memtrack_sites = private constant [1 x {{.*}}, section "memtrack_sites", align 32{{$}}
; CHECK: @__memtrack_frames = private constant [1 x {{.*}}, section "memtrack_frames", align 16{{$}}
define linkonce_odr void @shared() alwaysinline comdat {
  call void @free(ptr null)
  ret void
}

; CHECK: @__memtrack_sites.{{[0-9]+}} = private constant [1 x {{.*}}, section "memtrack_sites", comdat($caller), align 32, !associated ![[CALLER:[0-9]+]]
; CHECK: @__memtrack_frames.{{[0-9]+}} = private constant [1 x {{.*}}, section "memtrack_frames", comdat($caller), align 16, !associated ![[CALLER]]
define internal void @local() alwaysinline {
  call void @free(ptr null)
  ret void
}

define void @f() {
  call void @shared()
  ret void
}

define void @g() {
  call void @shared()
  ret void
}

define weak_odr void @caller() comdat {
  call void @local()
  ret void
}

; CHECK: ![[CALLER]] = {{(distinct )?}}!{ptr @caller}
