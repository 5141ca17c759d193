//===- OwnAllocators.h - Allocators the program defines ---------*- C++ -*-===//
//
// A program may define operator new, malloc and their kind itself, and serve
// them by other allocation functions, directly or through helpers that are
// rewritten like any code. The call that led there is the event; the pass marks
// the bodies, so that the runtime can tell.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_OWNALLOCATORS_H
#define MEMTRACK_PASS_OWNALLOCATORS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/Module.h"

namespace memtrack {

/// Keeps \p Definitions from being inlined before their calls are rewritten:
/// what is left of an operator new in its caller is not the program's event.
void keepOwnAllocators(llvm::ArrayRef<llvm::Function *> Definitions);

/// Lets each of \p Definitions tell the runtime when it is entered and left, by
/// return or by exception. Does nothing to those that do already.
void markOwnAllocators(llvm::Module &M,
                       llvm::ArrayRef<llvm::Function *> Definitions);

} // namespace memtrack

#endif
