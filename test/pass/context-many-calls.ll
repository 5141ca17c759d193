; From 256 calls on, their numbers are stored as 16 bits, and numbers whose low byte is that of
; MT_LINK_KNOWN are left out; up to 255 calls a byte is enough.
; RUN: (cat %s; echo 'define void @f() {'; for i in $(seq 255); do echo '  call void @first()'; done; echo '  ret void }') >%t.255.ll
; RUN: (cat %s; echo 'define void @f() {'; for i in $(seq 256); do echo '  call void @first()'; done; echo '  ret void }') >%t.256.ll
; RUN: (cat %s; echo 'define void @f() {'; for i in $(seq 600); do echo '  call void @first()'; done; echo '  ret void }') >%t.600.ll
; RUN: %contexts %memtrack %t.255.ll | FileCheck %s --check-prefix=NARROW --implicit-check-not="store volatile i16"
; RUN: %contexts %memtrack %t.256.ll | FileCheck %s --check-prefix=WIDE --implicit-check-not="store volatile i8" --implicit-check-not="getelementptr (i8"
; RUN: %contexts %memtrack %t.600.ll -o %t.600
; RUN: seq 1 601 | grep -v -x '255\|511' >%t.wanted
; RUN: sed -n 's/.*store volatile i16 \([0-9]*\),.*/\1/p' %t.600 | diff %t.wanted -

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"

declare void @first() nounwind

; NARROW: store volatile ptr getelementptr (i8, {{.*}}@__memtrack_sites{{.*}}, i64 1), ptr
; NARROW: store volatile i8 1,
; NARROW: store volatile i8 -2,
; WIDE: store volatile ptr {{.*}}@__memtrack_sites
; WIDE: store volatile i16 1,
; WIDE: store volatile i16 254,
; WIDE-NOT: store volatile i16 255,
; WIDE: store volatile i16 256,
