; Calls of custom allocators stay as they are; hooks stand behind them, or before them if they free.
; RUN: %prepare %s 2>%t.err | FileCheck %s
; RUN: FileCheck %s --check-prefix=REMARK <%t.err
; RUN: %memtrack %s 2>/dev/null | FileCheck %s
; Once is enough.
; RUN: %prepare %s 2>/dev/null | %opt -passes=memtrack-prepare,memtrack,verify -S >%t.twice 2>/dev/null
; RUN: FileCheck %s <%t.twice
; RUN: FileCheck %s --check-prefix=ONCE <%t.twice

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

; ONCE-COUNT-6: call void @__memtrack_pool_alloc(
; ONCE-NOT: call void @__memtrack_pool_alloc(

; Of the remarks, each is given once.
; REMARK: call of bounded left alone: nothing can follow a musttail call
; REMARK: call of by_value left alone: it does not return a pointer
; REMARK: call of give left alone: its block is not a parameter that is a pointer
; REMARK: call of take left alone: its size is not a parameter that is an integer
; REMARK: call of far left alone: its pool is not a parameter that is a pointer or an integer
; REMARK-NOT: left alone

declare ptr @take(ptr, i64) "llvm.assume"="something,memtrack alloc size=2 pool=1 name=arena"
declare ptr @take_many(i32, i64, i32) "llvm.assume"="memtrack alloc count=1 size=2 pool=3 name=arena"
declare ptr @take_fixed() "llvm.assume"="memtrack alloc bytes=48 name=slab"
declare void @give(ptr, ptr) "llvm.assume"="memtrack free ptr=2 pool=1 name=arena"
declare ptr @again(ptr, ptr, i64) "llvm.assume"="memtrack alloc size=3 pool=1 name=arena,memtrack free ptr=2 pool=1 name=arena"
declare i32 @destroy(ptr) "llvm.assume"="memtrack free-pool pool=1 name=arena"
declare ptr @bounded(ptr, i64) "llvm.assume"="memtrack alloc size=2 name=arena"
declare i64 @by_value(i64) "llvm.assume"="memtrack alloc size=1 name=arena"
declare ptr @far(double, i64) "llvm.assume"="memtrack alloc size=2 pool=1 name=arena"
declare i32 @__gxx_personality_v0(...)

; CHECK-LABEL: define ptr @allocates
; CHECK-NEXT: %[[AT:[0-9]+]] = call i64 @__memtrack_pool_position()
; CHECK-NEXT: %p = tail call ptr @take(ptr %a, i64 %n)
; CHECK-NEXT: call void @__memtrack_pool_alloc(ptr %p, i64 %n, ptr %a, i64 %[[AT]], ptr {{.*}}@__memtrack_sites
; CHECK-NEXT: ret ptr %p
define ptr @allocates(ptr %a, i64 %n) {
  %p = tail call ptr @take(ptr %a, i64 %n)
  ret ptr %p
}
; CHECK-LABEL: define void @several
; CHECK: %[[COUNT:[0-9]+]] = zext i32 %k to i64
; CHECK: %[[SIZE:[0-9]+]] = mul i64 %n, %[[COUNT]]
; CHECK: %[[NUMBER:[0-9]+]] = zext i32 %id to i64
; CHECK: %[[ID:[0-9]+]] = inttoptr i64 %[[NUMBER]] to ptr
; CHECK: call ptr @take_many(
; CHECK: call void @__memtrack_pool_alloc(ptr %p, i64 %[[SIZE]], ptr %[[ID]],
; CHECK: call ptr @take_fixed()
; CHECK-NEXT: call void @__memtrack_pool_alloc(ptr %q, i64 48, ptr null,
define void @several(i32 %k, i64 %n, i32 %id) {
  %p = call ptr @take_many(i32 %k, i64 %n, i32 %id)
  %q = call ptr @take_fixed()
  ret void
}
; CHECK-LABEL: define void @frees
; CHECK-NEXT: call void @__memtrack_pool_free(ptr %p, ptr %a, ptr {{.*}}@__memtrack_sites
; CHECK-NEXT: call void @give(ptr %a, ptr %p)
; CHECK-NEXT: call void @__memtrack_pool_free_all(ptr %a, ptr {{.*}}@__memtrack_sites
; CHECK-NEXT: tail call i32 @destroy(ptr %a)
; CHECK-NEXT: ret void
define void @frees(ptr %a, ptr %p) {
  call void @give(ptr %a, ptr %p)
  %r = tail call i32 @destroy(ptr %a)
  ret void
}
; CHECK-LABEL: define ptr @reallocates
; CHECK-NEXT: %[[AT:[0-9]+]] = call i64 @__memtrack_pool_position()
; CHECK-NEXT: %[[THEN:[0-9]+]] = call i64 @__memtrack_pool_ticks()
; CHECK-NEXT: %q = call ptr @again(ptr %a, ptr %p, i64 %n)
; CHECK-NEXT: call void @__memtrack_pool_realloc(ptr %q, i64 %n, ptr %a, i64 %[[AT]], i64 %[[THEN]], ptr %p, ptr {{.*}}@__memtrack_sites
define ptr @reallocates(ptr %a, ptr %p, i64 %n) {
  %q = call ptr @again(ptr %a, ptr %p, i64 %n)
  ret ptr %q
}
; An edge of the call's own takes the hook: where it is thrown, nothing was allocated.
; CHECK-LABEL: define ptr @throws
; CHECK: invoke ptr @take(ptr %a, i64 8)
; CHECK-NEXT: to label %memtrack.pool unwind label %lpad
; CHECK: memtrack.pool:
; CHECK-NEXT: call void @__memtrack_pool_alloc(ptr %p, i64 8, ptr %a,
; CHECK-NEXT: br label %done
; CHECK: done:
; CHECK-NEXT: phi ptr [ null, %entry ], [ %p, %memtrack.pool ]
; CHECK: lpad:
; CHECK-NOT: pool_alloc
define ptr @throws(ptr %a, i1 %c) personality ptr @__gxx_personality_v0 {
entry:
  br i1 %c, label %try, label %done
try:
  %p = invoke ptr @take(ptr %a, i64 8) to label %done unwind label %lpad
done:
  %r = phi ptr [ null, %entry ], [ %p, %try ]
  ret ptr %r
lpad:
  %e = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %e
}
; CHECK-LABEL: define ptr @throws_alone
; CHECK: fine:
; CHECK-NEXT: call void @__memtrack_pool_alloc(
define ptr @throws_alone(ptr %a) personality ptr @__gxx_personality_v0 {
  %p = invoke ptr @take(ptr %a, i64 8) to label %fine unwind label %lpad
fine:
  ret ptr %p
lpad:
  %e = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %e
}
; What the pool's functions do among themselves is theirs, but for the end of a pool.
; CHECK-LABEL: define ptr @copies
; CHECK-NEXT: call ptr @take(
; CHECK-NEXT: call void @__memtrack_pool_free_all(
; CHECK-NEXT: call i32 @destroy(
define ptr @copies(ptr %a, ptr %s) "llvm.assume"="memtrack alloc pool=1 name=arena" {
  %p = call ptr @take(ptr %a, i64 9)
  %r = call i32 @destroy(ptr %a)
  ret ptr %p
}
; CHECK-LABEL: define ptr @left_alone
; CHECK-NOT: __memtrack
; CHECK: }
define ptr @left_alone(ptr %a, i64 %n) {
  %r = musttail call ptr @bounded(ptr %a, i64 %n)
  ret ptr %r
}
; CHECK-LABEL: define void @wrong
; CHECK-NOT: __memtrack
; CHECK: }
define void @wrong(ptr %a, i64 %n) {
  %v = call i64 @by_value(i64 %n)
  call void @give(ptr %a, i64 5)
  %p = call ptr @take(ptr %a, float 0.0)
  %q = call ptr @far(double 0.0, i64 1)
  ret void
}
; The result is in memory: the first parameter is not the program's.
; CHECK-LABEL: define void @indirect
; CHECK: call void @__memtrack_pool_free(ptr %p, ptr %a,
; CHECK-NEXT: call void @gives_structure(
declare void @gives_structure(ptr sret({ i64, i64, i64 }), ptr, ptr) "llvm.assume"="memtrack free ptr=2 pool=1 name=arena"
define void @indirect(ptr %s, ptr %a, ptr %p) {
  call void @gives_structure(ptr sret({ i64, i64, i64 }) %s, ptr %a, ptr %p)
  ret void
}
; A call that has the mark itself, as clang 14 to 18 give it to virtual functions.
; CHECK-LABEL: define ptr @virtual
; CHECK: call ptr %f(ptr %a, i64 5)
; CHECK: call void @__memtrack_pool_alloc(ptr %p, i64 5, ptr null,
define ptr @virtual(ptr %f, ptr %a) {
  %p = call ptr %f(ptr %a, i64 5) "llvm.assume"="memtrack alloc size=2 name=virtual"
  ret ptr %p
}
