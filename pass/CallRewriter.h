//===- CallRewriter.h - From allocator to entry point -----------*- C++ -*-===//
//
// Replaces a call of an allocation function by one of its entry point. The site
// is appended to the arguments, so that every attribute that names an argument
// by its index (allocsize) stays right.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_CALLREWRITER_H
#define MEMTRACK_PASS_CALLREWRITER_H

#include "AllocationCalls.h"

namespace memtrack {

class CallRewriter {
public:
  explicit CallRewriter(llvm::Module &Mod) : M(Mod) {}

  /// Replaces \p Call, which is gone afterwards, by one that passes \p Site as
  /// its last argument.
  void rewrite(const AllocationCall &Call, llvm::Constant *Site);

private:
  llvm::FunctionCallee entryPoint(const AllocationCall &Call,
                                  llvm::FunctionType *Type);

  llvm::Module &M;
};

} // namespace memtrack

#endif
