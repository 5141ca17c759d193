; Where an edge leaves the calls' region, but neither its beginning nor its end belongs to it alone,
; it is split for the take-back; so is one that leads back to the set-up.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare i1 @first() nounwind
declare void @second() nounwind

; CHECK-LABEL: define void @leave
; CHECK:      call i1 @first()
; CHECK-NEXT: br i1 %more, label %other, label %[[SPLIT:.*]]
; CHECK:      [[SPLIT]]:
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: br label %done
; CHECK:      other:
; CHECK:      call void @second()
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: br label %done
; CHECK:      done:
; CHECK-NEXT: ret void
define void @leave(i1 %fast) {
  br i1 %fast, label %done, label %slow, !prof !0
slow:
  %more = call i1 @first()
  br i1 %more, label %other, label %done
other:
  call void @second()
  br label %done
done:
  ret void
}

; CHECK-LABEL: define void @again
; CHECK:      slow:
; CHECK-NEXT: load volatile ptr, ptr @__memtrack_context
; CHECK:      call i1 @first()
; CHECK-NEXT: br i1 %more, label %[[SPLIT:.*]], label %other
; CHECK:      [[SPLIT]]:
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: br label %slow
define void @again(i1 %fast) {
  br i1 %fast, label %done, label %slow, !prof !0
slow:
  %more = call i1 @first()
  br i1 %more, label %slow, label %other
other:
  call void @second()
  br label %done
done:
  ret void
}
!0 = !{!"branch_weights", i32 1000, i32 1}
