; The site names the program's function by a cell, one a function and linked object, that
; holds its address and has room for the runtime.
; RUN: %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @malloc(i64)
declare void @free(ptr)

; CHECK-DAG: $__memtrack_cell_malloc = comdat any
; CHECK-DAG: $__memtrack_cell_free = comdat any
; CHECK: @__memtrack_cell_malloc = linkonce_odr hidden global { ptr, ptr } { ptr @malloc, ptr null }, comdat, align 16
; CHECK: @__memtrack_cell_free = linkonce_odr hidden global { ptr, ptr } { ptr @free, ptr null }, comdat, align 16
; CHECK: @__memtrack_sites = {{.*}}ptr @__memtrack_cell_malloc to i64{{.*}}ptr @__memtrack_cell_malloc to i64{{.*}}ptr @__memtrack_cell_free to i64
; CHECK-NOT: @__memtrack_cell_{{.*}} = 
define void @f() {
  %p = call ptr @malloc(i64 1)
  %q = call ptr @malloc(i64 2)
  call void @free(ptr %q)
  ret void
}
