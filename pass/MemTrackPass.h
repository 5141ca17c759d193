//===- MemTrackPass.h - The passes of the plugin ----------------*- C++ -*-===//

#ifndef MEMTRACK_PASS_MEMTRACKPASS_H
#define MEMTRACK_PASS_MEMTRACKPASS_H

#include "llvm/IR/PassManager.h"

namespace memtrack {

/// Notes what only the code as it was written tells. Keeps the optimiser from
/// merging calls of different source lines, which would leave one of no line,
/// and marks allocator wrappers. For the start of the pipeline.
class PreparePass : public llvm::PassInfoMixin<PreparePass> {
public:
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &AM);
  static bool isRequired() { return true; }
};

/// Rewrites every allocation call to pass its site to the runtime, and lets the
/// calls that may lead to one keep the calling context. For the end of the
/// pipeline: what the optimiser removed is then gone, as it would be without
/// MemTrack. Running it again changes nothing.
class MemTrackPass : public llvm::PassInfoMixin<MemTrackPass> {
public:
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &AM);
  static bool isRequired() { return true; }
};

} // namespace memtrack

#endif
