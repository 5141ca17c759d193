//===- PoolMark.h - The text that describes an allocator --------*- C++ -*-===//
//
//   alloc [NAME] [size=N] [count=N] [bytes=N] [pool=N] [name=POOL]
//   realloc [NAME] ptr=N [size=N] [count=N] [pool=N] [name=POOL]
//   free [NAME] ptr=N [pool=N] [name=POOL]
//   free-pool [NAME] pool=N [name=POOL]
//
// The macros of memtrack/allocators.h give it without the function's name,
// lists with it. The pool's name is the rest of the text.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_POOLMARK_H
#define MEMTRACK_PASS_POOLMARK_H

#include "PoolFunctions.h"

namespace memtrack {

/// Adds what \p Text says to \p Into; sets \p Name to that of the function
/// unless it is null. Returns what is wrong; empty if nothing is.
std::string parsePoolMark(llvm::StringRef Text, PoolFunction &Into,
                          llvm::StringRef *Name);

} // namespace memtrack

#endif
