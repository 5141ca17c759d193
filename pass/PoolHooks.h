//===- PoolHooks.h - The runtime's calls around custom allocators -*- C++ -*-=//
//
// A call of a custom allocator stays as it is. Behind it, or before it if it
// frees, a hook tells the runtime what the call was for. Hooks are put in while
// functions are as they were written, since a custom allocator is often
// inlined, and get their sites at the end of the pipeline.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_POOLHOOKS_H
#define MEMTRACK_PASS_POOLHOOKS_H

#include "AllocationCalls.h"
#include "PoolFunctions.h"

namespace memtrack {

/// Puts hooks around the calls of custom allocators in \p F that have none yet.
/// What cannot get one is added to \p Rejected. Functions that only this module
/// can call may have lost parameters once it is \p Optimized.
bool insertPoolHooks(llvm::Function &F, const PoolFunctions &Pools,
                     bool Optimized, std::vector<RejectedCall> &Rejected);

/// Marks the calls of \p F, which is a custom allocator, so that it is known
/// what they are for when they have been inlined.
void markCallsInPool(llvm::Function &F, llvm::StringRef Pool);

/// The pool in whose function \p Call was written, by that mark; or empty.
llvm::StringRef poolAround(const llvm::CallBase &Call);

/// Whether \p Call is a hook, one that has a site.
bool isPoolHook(const llvm::CallBase &Call);

/// The name of its pool.
llvm::StringRef poolOfHook(const llvm::CallBase &Hook);

/// The hooks of \p F that wait for their site.
void findPoolHooks(llvm::Function &F,
                   llvm::SmallVectorImpl<llvm::CallInst *> &Hooks);

void setSite(llvm::CallInst &Hook, llvm::Constant *Site);

} // namespace memtrack

#endif
