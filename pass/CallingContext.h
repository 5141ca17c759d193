//===- CallingContext.h - The instructions that keep a context --*- C++ -*-===//

#ifndef MEMTRACK_PASS_CALLINGCONTEXT_H
#define MEMTRACK_PASS_CALLINGCONTEXT_H

#include "ContextPlan.h"
#include "SiteTable.h"

namespace memtrack {

class CallingContext {
public:
  explicit CallingContext(llvm::Module &Mod) : M(Mod) {}

  /// Inserts into \p F what \p Plan asks for. \p Sites.OfCalls are the sites of
  /// Plan.calls().
  void insert(llvm::Function &F, const ContextPlan &Plan,
              const SiteTable::FunctionSites &Sites);

private:
  llvm::Constant *context();

  llvm::Module &M;
  llvm::Constant *Context = nullptr;
};

} // namespace memtrack

#endif
