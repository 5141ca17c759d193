//===- SiteTable.h - Call-site descriptors ----------------------*- C++ -*-===//
//
// Emits the descriptors of memtrack/abi.h: what a call site is called, where it
// stands and what it allocates.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_SITETABLE_H
#define MEMTRACK_PASS_SITETABLE_H

#include "AllocationCalls.h"
#include "CalleeCells.h"
#include "PoolFunctions.h"
#include "Wrappers.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/GlobalVariable.h"
#include <string>
#include <vector>

namespace memtrack {

class SiteTable {
public:
  /// \p CustomAllocators outlive this.
  SiteTable(llvm::Module &Mod, const PoolFunctions &CustomAllocators);

  /// The sites of one function.
  struct FunctionSites {
    llvm::GlobalVariable *Variable;
    llvm::SmallVector<unsigned, 8> OfCalls; ///< Indices, in order.
    llvm::SmallVector<unsigned, 8> OfAllocations;
    llvm::SmallVector<unsigned, 8> OfHooks;
    unsigned CallSites; ///< Those of ordinary calls come first.

    llvm::Constant *address(unsigned Index) const; ///< As a byte pointer.
  };

  /// Emits the sites of one function: of its \p Calls, ordinary ones, and of
  /// the allocations and the hooks of \p Function. Copies of one source site
  /// that the optimiser made share theirs. The calls must not be rewritten yet.
  FunctionSites describe(const FunctionCalls &Function,
                         llvm::ArrayRef<llvm::CallBase *> Calls);

private:
  struct Frame {
    llvm::StringRef Function;
    std::string File;
    unsigned Line, Column, Flags;
  };
  struct Site {
    uint64_t Hash;
    std::vector<Frame> Frames;
    llvm::GlobalVariable *Callee; ///< Null for an ordinary call.
    std::string Type;
    std::string Pool; ///< Whose function is called, or is where the call is.
    memtrack_api API;
    unsigned Flags;
  };
  struct Field;

  Site siteOf(const AllocationCall &Allocation, unsigned Ordinal);
  Site siteOf(const llvm::CallBase &Call, unsigned Ordinal);
  void addFrames(Site &S, const llvm::CallBase &Call, unsigned Ordinal,
                 class StableHash &Hash);
  void emit(llvm::ArrayRef<Site> Sites, llvm::GlobalVariable *SiteArray);

  llvm::GlobalVariable *createArray(llvm::StructType *Element, size_t Count,
                                    llvm::StringRef Name,
                                    llvm::StringRef Section, unsigned Align);
  llvm::Constant *selfRelative(llvm::Constant *Target, const Field &From);
  llvm::Constant *string(llvm::StringRef Text);

  llvm::Module &M;
  const PoolFunctions &Pools;
  CalleeCells Cells;
  Wrappers AllocatorWrappers;
  llvm::IntegerType *Int8, *Int16, *Int32, *Int64;
  llvm::StructType *FrameType, *SiteType;
  llvm::StringMap<llvm::GlobalVariable *> Strings;
};

} // namespace memtrack

#endif
