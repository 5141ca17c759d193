//===- CallingContext.h - The instructions that keep a context --*- C++ -*-===//

#ifndef MEMTRACK_PASS_CALLINGCONTEXT_H
#define MEMTRACK_PASS_CALLINGCONTEXT_H

#include "ContextPlan.h"
#include "llvm/IR/GlobalVariable.h"

namespace memtrack {

class CallingContext {
public:
  explicit CallingContext(llvm::Module &Mod) : M(Mod) {}

  /// Inserts into \p F what \p Plan asks for. \p Sites are the addresses of the
  /// sites of Plan.calls(), in their order.
  void insert(llvm::Function &F, const ContextPlan &Plan,
              llvm::ArrayRef<llvm::Constant *> Sites);

private:
  llvm::Constant *context();

  llvm::Module &M;
  llvm::Constant *Context = nullptr;
};

} // namespace memtrack

#endif
