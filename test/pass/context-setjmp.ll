; In a function that calls setjmp the link is in place from its start, and after setjmp has returned,
; perhaps for the second time, the next call makes it the context again and names itself anew.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare i32 @_setjmp(ptr) nounwind returns_twice
declare i32 @llvm.eh.sjlj.setjmp(ptr)
declare void @first() nounwind

; CHECK-LABEL: define void @f
; CHECK:      entry:
; CHECK-NEXT: %memtrack.link = alloca
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK:      br i1 %c
; CHECK:      call i32 @_setjmp(
; CHECK:      store volatile i8 [[NUMBER:[0-9]+]]
; CHECK-NEXT: store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void @first()
; CHECK:      more:
; CHECK:      store volatile i8
; CHECK-NOT:  store volatile ptr %memtrack.link
; CHECK:      call void @first()
; CHECK:      done:
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: ret void
define void @f(ptr %buffer, i1 %c) {
entry:
  br i1 %c, label %jump, label %done
jump:
  %second = call i32 @_setjmp(ptr %buffer) returns_twice
  call void @first()
  %z = icmp eq i32 %second, 0
  br i1 %z, label %more, label %done
more:
  call void @first()
  br label %done
done:
  ret void
}

; The builtin is not marked, but does the same.
; CHECK-LABEL: define i32 @builtin
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call i32 @llvm.eh.sjlj.setjmp(
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void @first()
; CHECK:      ret i32
define i32 @builtin(ptr %buffer) {
  %second = call i32 @llvm.eh.sjlj.setjmp(ptr %buffer)
  call void @first()
  ret i32 %second
}
