//===- MayAllocate.h - Which calls may lead to an allocation ----*- C++ -*-===//
//
// Only calls that may end in an allocation, or in a deallocation, are part of a
// calling context; those of custom allocators are, too. Bottom-up over the
// module's call graph; what is not known may allocate. Looks only, never
// changes the IR.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_MAYALLOCATE_H
#define MEMTRACK_PASS_MAYALLOCATE_H

#include "PoolFunctions.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"

namespace memtrack {

class MayAllocate {
public:
  /// \p CustomAllocators outlive this.
  MayAllocate(llvm::Module &M, const PoolFunctions &CustomAllocators);

  bool operator()(const llvm::CallBase &Call) const;

private:
  enum class Answer { No, Yes, AskCallee };
  enum class Kind { Any, Mathematical };
  Answer judge(const llvm::CallBase &Call, const llvm::Function *&Callee) const;
  bool isNonAllocating(const llvm::Function &F) const;

  const PoolFunctions &Pools;
  llvm::StringMap<Kind> LibraryFunctions;
  llvm::DenseSet<const llvm::Function *> Allocating; ///< Defined here.
};

} // namespace memtrack

#endif
