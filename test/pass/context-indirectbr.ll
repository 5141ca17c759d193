; The edges of an indirect branch cannot be split: the link is in place from the function's start, and
; taken back where the function ends.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() nounwind
declare void @second() nounwind

; CHECK-LABEL: define void @f
; CHECK:      entry:
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK:      indirectbr ptr %to
; CHECK:      a:
; CHECK:      call void @first()
; CHECK-NEXT: indirectbr ptr %next
; CHECK:      b:
; CHECK:      call void @second()
; CHECK-NOT:  ret
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: ret void
; CHECK:      c:
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: ret void
define void @f(ptr %to, ptr %next) {
entry:
  indirectbr ptr %to, [label %a, label %b, label %c]
a:
  call void @first()
  indirectbr ptr %next, [label %b, label %c]
b:
  call void @second()
  ret void
c:
  ret void
}

; However rare the call is.
; CHECK-LABEL: define void @g
; CHECK:      entry:
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK:      indirectbr ptr %to
; CHECK:      rare:
; CHECK-NOT:  store volatile ptr
; CHECK:      indirectbr ptr %next
; CHECK:      a:
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: ret void
; CHECK:      b:
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: ret void
define void @g(ptr %to, ptr %next) {
entry:
  indirectbr ptr %to, [label %a, label %b, label %c, label %d, label %rare]
rare:
  call void @first()
  indirectbr ptr %next, [label %a, label %b]
a:
  ret void
b:
  ret void
c:
  ret void
d:
  ret void
}
