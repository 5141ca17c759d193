; A module with sites registers them, from a constructor of which the linker keeps one.
; A module without is left untouched.
; RUN: %memtrack %s | FileCheck %s
; RUN: grep -v call %s | %memtrack - | FileCheck --check-prefix=NONE %s
; NONE-NOT: @{{__memtrack|__start|llvm.global}}

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

; CHECK-DAG: $__memtrack_module_init = comdat any
; CHECK-DAG: $__memtrack_module_fini = comdat any
; CHECK-DAG: @llvm.global_ctors = {{.*}} [{ i32, ptr, ptr } { i32 1, ptr @__memtrack_module_init, ptr @__memtrack_module_init }]
; CHECK-DAG: @llvm.global_dtors = {{.*}} [{ i32, ptr, ptr } { i32 1, ptr @__memtrack_module_fini, ptr @__memtrack_module_fini }]
; CHECK-DAG: @__start_memtrack_sites = extern_weak hidden global i8
; CHECK-DAG: @__stop_memtrack_sites = extern_weak hidden global i8

declare void @free(ptr)
define void @f() {
  call void @free(ptr null)
  ret void
}

; CHECK: define linkonce_odr hidden void @__memtrack_module_init() {{.*}}comdat {
; CHECK-NEXT: call void @__memtrack_register_sites_v3(ptr @__start_memtrack_sites, ptr @__stop_memtrack_sites)
; CHECK-NEXT: ret void
; CHECK: define linkonce_odr hidden void @__memtrack_module_fini() {{.*}}comdat {
; CHECK-NEXT: call void @__memtrack_unregister_sites_v3(ptr @__start_memtrack_sites, ptr @__stop_memtrack_sites)
; CHECK-NEXT: ret void
