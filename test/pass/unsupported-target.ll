; Where sites cannot be emitted, everything is left alone, with a remark.
; RUN: sed 's/TRIPLE/i386-pc-linux-gnu/' %s | %memtrack -pass-remarks-missed=memtrack - 2>%t.remarks | FileCheck %s
; RUN: FileCheck --check-prefix=REMARK %s <%t.remarks
; RUN: sed 's/TRIPLE/x86_64-apple-macosx/' %s | %memtrack - | FileCheck %s
; RUN: (sed 's/TRIPLE/x86_64-pc-linux-gnu/' %s; echo '!llvm.module.flags = !{!0}'; echo '!0 = !{i32 1, !"Code Model", i32 4}') | %memtrack - | FileCheck %s
; RUN: sed 's/TRIPLE/aarch64-linux-gnu/' %s | %memtrack - | FileCheck --check-prefix=SUPPORTED %s

target triple = "TRIPLE"

declare void @free(ptr)

; REMARK: call of free left alone: the target or code model is not supported
; CHECK-NOT: __memtrack
; CHECK: call void @free(ptr null)
; CHECK-NOT: __memtrack
; SUPPORTED: call void @__memtrack_free(
define void @f() {
  call void @free(ptr null)
  ret void
}
