; Options that the translation unit brings along: context=site leaves calls alone. The section goes,
; from the lists of what must stay, too, and nothing else with it. An unknown word is warned of.
; RUN: %contexts %memtrack %s 2>%t.err | FileCheck %s --implicit-check-not=volatile --implicit-check-not=memtrack.cfg
; RUN: FileCheck %s --check-prefix=ERR <%t.err
; RUN: sed s/context=site/context=stack/ %s | sed 's/\[25 x i8\]/[26 x i8]/' >%t.stack.ll
; RUN: %contexts %memtrack %t.stack.ll 2>%t.err | FileCheck %s --check-prefix=STACK --implicit-check-not=memtrack.cfg
; RUN: env MEMTRACK_PASS_OPTIONS=context=site %memtrack %t.stack.ll 2>%t.err | FileCheck %s --implicit-check-not=volatile

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

; ERR: warning: memtrack: option 'colour=red' is ignored; context=stack, context=site and allocators=FILE are known
; ERR-NOT: is ignored
; STACK: @llvm.compiler.used = appending global [1 x ptr] [ptr @kept]
; STACK: store volatile ptr %memtrack.link, ptr @__memtrack_context
; CHECK-NOT: @llvm.used
; CHECK: @llvm.compiler.used = appending global [1 x ptr] [ptr @kept]
; CHECK-NOT: @llvm.used
; CHECK: call void @first()
@options = internal constant [25 x i8] c"context=site  colour=red\00", section "memtrack.cfg"
@more = internal constant [1 x i8] c"\00", section "memtrack.cfg"
@kept = internal global i32 1
@llvm.compiler.used = appending global [2 x ptr] [ptr @options, ptr @kept], section "llvm.metadata"
@llvm.used = appending global [1 x ptr] [ptr @more], section "llvm.metadata"

declare void @first()
define void @f() {
  call void @first()
  ret void
}
