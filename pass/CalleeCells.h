//===- CalleeCells.h - The functions the program named ----------*- C++ -*-===//
//
// A site names the function its call would have reached by a cell that holds
// its address. The program's own reference to, say, malloc thus survives the
// rewriting: symbol resolution, --wrap, replaced operators and archives work as
// they do without MemTrack. A 32-bit distance could not name a function of
// another shared object, and the runtime notes in the cell what it has found
// out about it.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_CALLEECELLS_H
#define MEMTRACK_PASS_CALLEECELLS_H

#include "AllocationCalls.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/GlobalVariable.h"

namespace memtrack {

class CalleeCells {
public:
  explicit CalleeCells(llvm::Module &Mod) : M(Mod) {}

  /// The cell of the function that \p Call calls; made at first use, shared by
  /// all modules of a linked object.
  llvm::GlobalVariable *get(const AllocationCall &Call);

private:
  llvm::Module &M;
  llvm::DenseMap<const AllocationFunction *, llvm::GlobalVariable *> Cells;
};

} // namespace memtrack

#endif
