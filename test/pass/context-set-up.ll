; Before its first call, a function puts its link in place: what called it, its sites, the call; and
; last the link is made the context, so that a signal handler finds a valid chain at any instruction.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() nounwind

; CHECK: @__memtrack_context = external thread_local(initialexec) global ptr

; -1513947136 is MT_LINK_CALL with the number 0; a byte beyond the sites, MT_LINK_NARROW.
; CHECK-LABEL: define void @f
; CHECK-NEXT: %memtrack.link = alloca { ptr, ptr, i64 }, align 8
; CHECK-NEXT: %[[CALLER:.*]] = load volatile ptr, ptr @__memtrack_context, align 8, !nosanitize
; CHECK-NEXT: %[[LINK_CALLER:.*]] = getelementptr {{.*}}%memtrack.link, i32 0, i32 0
; CHECK-NEXT: store volatile ptr %[[CALLER]], ptr %[[LINK_CALLER]], align 8, !nosanitize
; CHECK-NEXT: %[[LINK_SITES:.*]] = getelementptr {{.*}}%memtrack.link, i32 0, i32 1
; CHECK-NEXT: store volatile ptr getelementptr (i8, {{.*}}@__memtrack_sites{{.*}}, i64 1), ptr %[[LINK_SITES]], align 8, !nosanitize
; CHECK-NEXT: %[[LINK_CALL:.*]] = getelementptr {{.*}}%memtrack.link, i32 0, i32 2
; CHECK-NEXT: store volatile i64 -1513947136, ptr %[[LINK_CALL]], align 8, !nosanitize
; CHECK-NEXT: store volatile ptr %memtrack.link, ptr @__memtrack_context, align 8, !nosanitize
; CHECK-NEXT: call void @first()
define void @f() {
  call void @first()
  ret void
}
