//===- Registration.h - Tell the runtime of a module's sites ----*- C++ -*-===//

#ifndef MEMTRACK_PASS_REGISTRATION_H
#define MEMTRACK_PASS_REGISTRATION_H

#include "llvm/IR/Module.h"

namespace memtrack {

/// Adds the constructor and the destructor that register the site section of
/// the linked object \p M becomes part of. Every module with a site has them;
/// the linker keeps one copy.
void registerSites(llvm::Module &M);

} // namespace memtrack

#endif
