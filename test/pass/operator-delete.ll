; Each operator delete goes to its entry point, the site last.
; RUN: %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @_ZdlPv(ptr)
define void @call__ZdlPv(ptr %0) {
; CHECK-LABEL: define void @call__ZdlPv(
; CHECK-NEXT: call void @__memtrack_free(ptr %0, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdlPv(ptr %0)
  ret void
}

declare void @_ZdlPvRKSt9nothrow_t(ptr, ptr)
define void @call__ZdlPvRKSt9nothrow_t(ptr %0, ptr %1) {
; CHECK-LABEL: define void @call__ZdlPvRKSt9nothrow_t(
; CHECK-NEXT: call void @__memtrack_delete_nothrow(ptr %0, ptr %1, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdlPvRKSt9nothrow_t(ptr %0, ptr %1)
  ret void
}

declare void @_ZdlPvm(ptr, i64)
define void @call__ZdlPvm(ptr %0, i64 %1) {
; CHECK-LABEL: define void @call__ZdlPvm(
; CHECK-NEXT: call void @__memtrack_delete_sized(ptr %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdlPvm(ptr %0, i64 %1)
  ret void
}

declare void @_ZdlPvSt11align_val_t(ptr, i64)
define void @call__ZdlPvSt11align_val_t(ptr %0, i64 %1) {
; CHECK-LABEL: define void @call__ZdlPvSt11align_val_t(
; CHECK-NEXT: call void @__memtrack_delete_sized(ptr %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdlPvSt11align_val_t(ptr %0, i64 %1)
  ret void
}

declare void @_ZdlPvmSt11align_val_t(ptr, i64, i64)
define void @call__ZdlPvmSt11align_val_t(ptr %0, i64 %1, i64 %2) {
; CHECK-LABEL: define void @call__ZdlPvmSt11align_val_t(
; CHECK-NEXT: call void @__memtrack_delete_sized_aligned(ptr %0, i64 %1, i64 %2, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdlPvmSt11align_val_t(ptr %0, i64 %1, i64 %2)
  ret void
}

declare void @_ZdlPvSt11align_val_tRKSt9nothrow_t(ptr, i64, ptr)
define void @call__ZdlPvSt11align_val_tRKSt9nothrow_t(ptr %0, i64 %1, ptr %2) {
; CHECK-LABEL: define void @call__ZdlPvSt11align_val_tRKSt9nothrow_t(
; CHECK-NEXT: call void @__memtrack_delete_aligned_nothrow(ptr %0, i64 %1, ptr %2, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdlPvSt11align_val_tRKSt9nothrow_t(ptr %0, i64 %1, ptr %2)
  ret void
}

declare void @_ZdaPv(ptr)
define void @call__ZdaPv(ptr %0) {
; CHECK-LABEL: define void @call__ZdaPv(
; CHECK-NEXT: call void @__memtrack_free(ptr %0, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdaPv(ptr %0)
  ret void
}

declare void @_ZdaPvRKSt9nothrow_t(ptr, ptr)
define void @call__ZdaPvRKSt9nothrow_t(ptr %0, ptr %1) {
; CHECK-LABEL: define void @call__ZdaPvRKSt9nothrow_t(
; CHECK-NEXT: call void @__memtrack_delete_nothrow(ptr %0, ptr %1, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdaPvRKSt9nothrow_t(ptr %0, ptr %1)
  ret void
}

declare void @_ZdaPvm(ptr, i64)
define void @call__ZdaPvm(ptr %0, i64 %1) {
; CHECK-LABEL: define void @call__ZdaPvm(
; CHECK-NEXT: call void @__memtrack_delete_sized(ptr %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdaPvm(ptr %0, i64 %1)
  ret void
}

declare void @_ZdaPvSt11align_val_t(ptr, i64)
define void @call__ZdaPvSt11align_val_t(ptr %0, i64 %1) {
; CHECK-LABEL: define void @call__ZdaPvSt11align_val_t(
; CHECK-NEXT: call void @__memtrack_delete_sized(ptr %0, i64 %1, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdaPvSt11align_val_t(ptr %0, i64 %1)
  ret void
}

declare void @_ZdaPvmSt11align_val_t(ptr, i64, i64)
define void @call__ZdaPvmSt11align_val_t(ptr %0, i64 %1, i64 %2) {
; CHECK-LABEL: define void @call__ZdaPvmSt11align_val_t(
; CHECK-NEXT: call void @__memtrack_delete_sized_aligned(ptr %0, i64 %1, i64 %2, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdaPvmSt11align_val_t(ptr %0, i64 %1, i64 %2)
  ret void
}

declare void @_ZdaPvSt11align_val_tRKSt9nothrow_t(ptr, i64, ptr)
define void @call__ZdaPvSt11align_val_tRKSt9nothrow_t(ptr %0, i64 %1, ptr %2) {
; CHECK-LABEL: define void @call__ZdaPvSt11align_val_tRKSt9nothrow_t(
; CHECK-NEXT: call void @__memtrack_delete_aligned_nothrow(ptr %0, i64 %1, ptr %2, ptr {{.*}}@__memtrack_sites{{.*}})
  call void @_ZdaPvSt11align_val_tRKSt9nothrow_t(ptr %0, i64 %1, ptr %2)
  ret void
}

