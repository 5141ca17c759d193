; Sites and frames are arrays in their sections, aligned to their elements, bound to
; the function that refers to them and in its COMDAT, if it has one.
; RUN: %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

$inline = comdat any

declare void @free(ptr)

; CHECK: @__memtrack_sites = private constant [2 x { i64, i32, i32, i32, i16, i8, i8, i32, i32 }] {{.*}}, section "memtrack_sites", align 32, !associated ![[F:[0-9]+]]
; CHECK: @__memtrack_frames = private constant [2 x { i32, i32, i32, i16, i16 }] {{.*}}, section "memtrack_frames", align 16, !associated ![[F]]
; CHECK: @__memtrack_sites.{{[0-9]+}} = private constant [1 x {{.*}}, section "memtrack_sites", comdat($inline), align 32, !associated ![[INLINE:[0-9]+]]
; CHECK: @__memtrack_frames.{{[0-9]+}} = private constant [1 x {{.*}}, section "memtrack_frames", comdat($inline), align 16, !associated ![[INLINE]]
; CHECK-NOT: llvm.used

define void @f() {
; CHECK: call void @__memtrack_free(ptr null, ptr {{.*}}@__memtrack_sites{{(, i64 0, i64 0\))?}})
; CHECK: call void @__memtrack_free(ptr null, ptr getelementptr inbounds {{.*}}@__memtrack_sites, i64 0, i64 1))
  call void @free(ptr null)
  call void @free(ptr null)
  ret void
}
define linkonce_odr void @inline() comdat {
  call void @free(ptr null)
  ret void
}
; CHECK-DAG: ![[F]] = !{ptr @f}
; CHECK-DAG: ![[INLINE]] = !{ptr @inline}
