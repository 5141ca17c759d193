; A call that does not pass what the function takes is left alone, with a remark;
; one through a declaration without prototype that does is rewritten.
; RUN: %memtrack -pass-remarks-missed=memtrack %s 2>%t.remarks | FileCheck %s
; RUN: FileCheck --check-prefix=REMARK %s <%t.remarks

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare ptr @malloc(...)
declare void @free(i32)
declare i32 @calloc(i64, i64)

; REMARK-COUNT-3: left alone: its arguments or result differ from the function's prototype
; REMARK: left alone: its calling convention is not that of C
; REMARK-NOT: left alone

; CHECK-LABEL: define void @f
define void @f() {
; CHECK-NEXT: call ptr @malloc(i32 10)
; CHECK-NEXT: call void @free(i32 3)
; CHECK-NEXT: call i32 @calloc(i64 1, i64 2)
  call ptr @malloc(i32 10)
  call void @free(i32 3)
  call i32 @calloc(i64 1, i64 2)
; CHECK-NEXT: call fastcc ptr @malloc(i64 3)
  call fastcc ptr @malloc(i64 3)
; CHECK-NEXT: call ptr @__memtrack_malloc(i64 11, ptr {{.*}})
; CHECK-NEXT: call ptr @__memtrack_malloc(i64 12, ptr {{.*}})
  call ptr @malloc(i64 11)
  call ptr (i64, ...) @malloc(i64 12)
  ret void
}
