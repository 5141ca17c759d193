; An exception arrives with the context of the function that threw it: the next call in the pad makes
; the link the context again, and before the exception goes on the link is taken back.
; RUN: %contexts %memtrack %s | FileCheck %s

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first()
declare void @cleanup() nounwind
declare i32 @__gxx_personality_v0(...)

; CHECK-LABEL: define void @f
; CHECK:      store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: invoke void @first()
; CHECK:      ok:
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK-NEXT: ret void
; CHECK:      bad:
; CHECK-NEXT: landingpad
; CHECK-NEXT:   cleanup
; CHECK-NEXT: %[[CALL:.*]] = getelementptr {{.*}}%memtrack.link, i32 0, i32 2
; CHECK-NEXT: store volatile i8 1, ptr %[[CALL]]
; CHECK-NEXT: store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void @cleanup()
; CHECK-NEXT: %[[AT:.*]] = getelementptr {{.*}}%memtrack.link, i32 0, i32 0
; CHECK-NEXT: %[[CALLER:.*]] = load volatile ptr, ptr %[[AT]]
; CHECK-NEXT: store volatile ptr %[[CALLER]], ptr @__memtrack_context
; CHECK-NEXT: resume
define void @f() personality ptr @__gxx_personality_v0 {
  invoke void @first() to label %ok unwind label %bad
ok:
  ret void
bad:
  %l = landingpad { ptr, i32 } cleanup
  call void @cleanup()
  resume { ptr, i32 } %l
}

; A pad without calls leaves by itself.
; CHECK-LABEL: define i32 @g
; CHECK:      bad:
; CHECK-NEXT: landingpad
; CHECK-NEXT:   catch
; CHECK:      store volatile ptr %memtrack.caller{{[0-9]*}}, ptr @__memtrack_context
; CHECK:      ret i32 2
define i32 @g() personality ptr @__gxx_personality_v0 {
  invoke void @first() to label %ok unwind label %bad
ok:
  ret i32 1
bad:
  %l = landingpad { ptr, i32 } catch ptr null
  ret i32 2
}

; The same if what throws is instrumented.
; CHECK-LABEL: define void @h
; CHECK:      bad:
; CHECK-NEXT: landingpad
; CHECK-NEXT:   cleanup
; CHECK:      store volatile i8 1
; CHECK-NEXT: store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NEXT: call void @cleanup()
define void @h() personality ptr @__gxx_personality_v0 {
  invoke void @f() to label %ok unwind label %bad
ok:
  ret void
bad:
  %l = landingpad { ptr, i32 } cleanup
  call void @cleanup()
  resume { ptr, i32 } %l
}
