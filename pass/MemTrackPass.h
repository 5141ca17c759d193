//===- MemTrackPass.h - The passes of the plugin ----------------*- C++ -*-===//

#ifndef MEMTRACK_PASS_MEMTRACKPASS_H
#define MEMTRACK_PASS_MEMTRACKPASS_H

#include "llvm/IR/PassManager.h"

namespace memtrack {

/// Keeps the optimiser from merging allocation calls of different source lines
/// into one of no line. For the start of the pipeline.
class NoMergePass : public llvm::PassInfoMixin<NoMergePass> {
public:
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &AM);
  static bool isRequired() { return true; }
};

/// Rewrites every allocation call to pass its site to the runtime. For the end
/// of the pipeline: what the optimiser removed is then gone, as it would be
/// without MemTrack. Running it again changes nothing.
class MemTrackPass : public llvm::PassInfoMixin<MemTrackPass> {
public:
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &AM);
  static bool isRequired() { return true; }
};

} // namespace memtrack

#endif
