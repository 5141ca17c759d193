//===- AllocationCalls.h - Which calls are allocations ----------*- C++ -*-===//
//
// Finds the calls of the functions in memtrack/entry_points.def. Looks only,
// never changes the IR.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_ALLOCATIONCALLS_H
#define MEMTRACK_PASS_ALLOCATIONCALLS_H

#include "memtrack/abi.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include <string>
#include <vector>

namespace memtrack {

/// One line of memtrack/entry_points.def.
struct AllocationFunction {
  llvm::StringRef Symbol;
  llvm::StringRef Entry; ///< With its prefix.
  memtrack_api API;
  llvm::StringRef Shape;

  /// The function's type, and its entry point's without the site.
  llvm::FunctionType *type(const llvm::Module &M) const;

  /// Whether \p Type has the parameters and the result of this function.
  bool hasShapeOf(const llvm::FunctionType *Type, const llvm::Module &M) const;
};

/// A call that can be rewritten.
struct AllocationCall {
  llvm::CallBase *Call;
  const AllocationFunction *Function;
  llvm::GlobalValue *Callee;
};

/// A call of an allocation function that must stay as it is.
struct RejectedCall {
  llvm::CallBase *Call;
  std::string Symbol;
  llvm::StringRef Reason;
};

/// The calls to rewrite in one function, in the order of its instructions.
struct FunctionCalls {
  llvm::Function *F;
  llvm::SmallVector<AllocationCall, 8> Calls;
  llvm::SmallVector<llvm::CallInst *, 0> Hooks; ///< See PoolHooks.h.
};

struct ClassifiedCalls {
  std::vector<FunctionCalls> Functions; ///< All that may be instrumented.
  std::vector<RejectedCall> Rejected;
  std::vector<llvm::Function *> OwnAllocators; ///< Defined in the module.
};

ClassifiedCalls classifyAllocationCalls(llvm::Module &M);

/// Whether a function of this name is in the table.
bool isAllocationFunction(llvm::StringRef Name);

} // namespace memtrack

#endif
