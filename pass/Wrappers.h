//===- Wrappers.h - Functions that only pass on an allocator ----*- C++ -*-===//
//
// `void *xmalloc(size_t n) { ... malloc(n) ... }` says nothing about who wants
// the memory: a report starts with its caller. A wrapper returns a pointer to
// no particular type, to memory of a size that its own caller decides, and
// never anything but what an allocator or another wrapper gave it, or null.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_WRAPPERS_H
#define MEMTRACK_PASS_WRAPPERS_H

#include "AllocationCalls.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/Module.h"

namespace memtrack {

/// Finds the wrappers, while functions are as they were written, and marks them
/// in the module, so that they are known when they have been inlined.
void markWrappers(llvm::Module &M, const ClassifiedCalls &Classified);

/// What was marked.
class Wrappers {
public:
  explicit Wrappers(const llvm::Module &M);

  bool contains(const llvm::Function &F) const;
  bool contains(const llvm::DISubprogram &Subprogram) const {
    return Subprograms.contains(&Subprogram);
  }

private:
  llvm::DenseSet<const llvm::DISubprogram *> Subprograms;
};

} // namespace memtrack

#endif
