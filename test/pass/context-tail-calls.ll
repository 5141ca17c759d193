; Before a call in tail position, the link is taken back: the frame will be gone. The call stays a
; tail call, and alone it needs no link at all.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() nounwind
declare i32 @last(i32) nounwind

; CHECK-LABEL: define i32 @tail
; CHECK:      call void @first()
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: %r = tail call i32 @last(i32 %n)
; CHECK-NEXT: ret i32 %r
define i32 @tail(i32 %n) {
  call void @first()
  %r = tail call i32 @last(i32 %n)
  ret i32 %r
}

; CHECK-LABEL: define i32 @must
; CHECK:      call void @first()
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: %r = musttail call i32 @last(i32 %n)
; CHECK-NEXT: ret i32 %r
define i32 @must(i32 %n) {
  call void @first()
  %r = musttail call i32 @last(i32 %n)
  ret i32 %r
}

; The code generator duplicates the return into the block that jumps to it.
; CHECK-LABEL: define i32 @branch
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: br i1
; CHECK:      more:
; CHECK-NEXT: %r = tail call i32 @last(i32 %n)
; CHECK-NEXT: br label %done
; CHECK:      done:
; CHECK-NEXT: phi
; CHECK-NEXT: ret i32
define i32 @branch(i32 %n, i1 %c) {
entry:
  call void @first()
  br i1 %c, label %more, label %none
more:
  %r = tail call i32 @last(i32 %n)
  br label %done
none:
  br label %done
done:
  %s = phi i32 [ %r, %more ], [ 0, %none ]
  ret i32 %s
}

; CHECK-LABEL: define i32 @alone
; CHECK-NEXT: %r = tail call i32 @last(i32 %n)
; CHECK-NEXT: ret i32 %r
define i32 @alone(i32 %n) {
  %r = tail call i32 @last(i32 %n)
  ret i32 %r
}
