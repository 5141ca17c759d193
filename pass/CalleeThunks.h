//===- CalleeThunks.h - Jumps to the function the program named -*- C++ -*-===//
//
// A site names the function its call would have reached by a hidden thunk that
// jumps there. The program's own reference to, say, malloc thus survives the
// rewriting: symbol resolution, --wrap, replaced operators and archives work as
// they do without MemTrack. A 32-bit distance could not name a function of
// another shared object without one.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_CALLEETHUNKS_H
#define MEMTRACK_PASS_CALLEETHUNKS_H

#include "AllocationCalls.h"
#include "llvm/ADT/DenseMap.h"

namespace memtrack {

class CalleeThunks {
public:
  explicit CalleeThunks(llvm::Module &Mod) : M(Mod) {}

  /// The thunk of the function that \p Call calls; made at first use, shared
  /// by all modules of a linked object.
  llvm::Function *get(const AllocationCall &Call);

private:
  llvm::Module &M;
  llvm::DenseMap<const AllocationFunction *, llvm::Function *> Thunks;
};

} // namespace memtrack

#endif
