//===- PoolFunctions.h - Which functions are custom allocators --*- C++ -*-===//
//
// A custom allocator is known by a mark of memtrack/allocators.h, by a line of
// a list that the user has given, or by its attribute alloc_size. Looks only,
// but for what it notes for the time when functions have been inlined.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_POOLFUNCTIONS_H
#define MEMTRACK_PASS_POOLFUNCTIONS_H

#include "PassConfig.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/Module.h"
#include <memory>
#include <string>

namespace memtrack {

/// What a function does with blocks of a pool. One that allocates and frees is
/// like realloc.
struct PoolFunction {
  std::string Pool; ///< Its name.
  bool Allocates = false;
  bool Frees = false;
  bool FreesAll = false;
  bool acts() const { return Allocates || Frees || FreesAll; }
  /// Positions of parameters, from 1; 0 is none.
  unsigned Size = 0, Count = 0, Block = 0, Identity = 0;
  uint64_t Bytes = 0; ///< What every block has, where there is no size.
};

class PoolFunctions {
public:
  /// Warns of what it does not understand if \p Warn.
  PoolFunctions(llvm::Module &Mod, const PassConfig &Config, bool Warn);

  /// What \p Call does, or \p F; null if it is no custom allocator.
  const PoolFunction *find(const llvm::CallBase &Call) const;
  const PoolFunction *find(const llvm::Function &F) const {
    auto Found = Functions.find(&F);
    bool Acts = Found != Functions.end() && Found->second->acts();
    return Acts ? Found->second.get() : nullptr;
  }

  /// The pool whose function \p Subprogram is; empty if it is of none.
  llvm::StringRef poolOf(const llvm::DISubprogram &Subprogram) const {
    return Subprograms.lookup(&Subprogram);
  }

  /// Marks the functions in the module, so that they are known when they have
  /// been inlined.
  void mark(llvm::Module &M) const;

private:
  PoolFunction &of(const llvm::Function &F);
  void readMark(llvm::StringRef Text, PoolFunction &Into);
  void readAttributes(llvm::StringRef Text, PoolFunction &Into);
  void readAnnotations(llvm::Module &M);
  void readLists(llvm::Module &M, const PassConfig &Config);
  void readListLine(llvm::StringRef Line, const llvm::Twine &Place,
                    llvm::StringMap<PoolFunction> &Listed);
  void findBySize(llvm::Module &M);
  void readSubprograms(const llvm::Module &M);

  bool Warn;
  llvm::DenseMap<const llvm::Function *, std::unique_ptr<PoolFunction>>
      Functions;
  /// By the text of an attribute that calls have.
  llvm::StringMap<PoolFunction> CallMarks;
  llvm::DenseMap<const llvm::DISubprogram *, llvm::StringRef> Subprograms;
};

} // namespace memtrack

#endif
