//===- ContextPlan.h - Where a function keeps its context -------*- C++ -*-===//
//
// Decides for one function which of its calls are part of calling contexts and
// where the instructions of memtrack/abi.h go that keep the function's link.
// Looks only, never changes the IR; CallingContext carries a plan out.
//
// The link is in place only where it has to be. Its set-up is shared by the
// calls it dominates as long as block frequencies say that this is cheaper than
// one for each of them, so that a fast path without calls does nothing, and
// what is called in a loop is set up before it. A region is what lies between a
// set-up and the calls it serves; the link is taken back on every edge that
// leaves it.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_CONTEXTPLAN_H
#define MEMTRACK_PASS_CONTEXTPLAN_H

#include "MayAllocate.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Analysis/BlockFrequencyInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/PassManager.h"
#include <vector>

namespace memtrack {

class ContextPlan {
public:
  /// \p Allocations are the calls of \p F that will be rewritten.
  ContextPlan(llvm::Function &F,
              const llvm::SmallPtrSetImpl<llvm::CallBase *> &Allocations,
              const MayAllocate &MayCallAllocator,
              llvm::FunctionAnalysisManager &Analyses);

  /// The calls that need a site for the link; none if the function needs no
  /// link. Calls in tail position are not among them: as on the real stack,
  /// their caller is gone.
  llvm::ArrayRef<llvm::CallBase *> calls() const { return Ordinary; }

  /// One set-up of the link.
  struct Region {
    llvm::BasicBlock *Root;
    llvm::Instruction *SetUp;  ///< Before this.
    llvm::CallBase *FirstCall; ///< Whose site the link starts with; or null.
    std::vector<llvm::BasicBlock *> Blocks;
  };

  /// What a call in a region asks of the link.
  struct Need {
    bool Call;    ///< To name this call; else it only has to be in place.
    bool Context; ///< To be made the context again.
  };

  llvm::ArrayRef<Region> regions() const { return Regions; }

  /// What to store before \p Call; nothing for calls outside of regions.
  Need needOf(const llvm::CallBase &Call) const { return Needs.lookup(&Call); }

  /// Whether the link is in place when \p Call is made.
  bool isLinked(const llvm::CallBase &Call) const {
    return Linked.contains(&Call);
  }

  /// Where the link has to be taken back: before an instruction, or on an edge
  /// that has to be split for it.
  llvm::ArrayRef<llvm::Instruction *> takeBacksBefore() const {
    return TakeBacks;
  }
  struct Edge {
    llvm::BasicBlock *From, *To;
  };
  llvm::ArrayRef<Edge> takeBacksOn() const { return TakeBackEdges; }

private:
  struct State;
  void collect(const llvm::SmallPtrSetImpl<llvm::CallBase *> &Allocations,
               const MayAllocate &MayCallAllocator);
  void placeByFrequency(const llvm::DominatorTree &Dominators,
                        const llvm::BlockFrequencyInfo &Frequencies);
  void placeAtEntry(bool Everywhere);
  void addRegion(llvm::BasicBlock *Root,
                 llvm::ArrayRef<llvm::BasicBlock *> BlocksWithCalls,
                 const llvm::BlockFrequencyInfo *Frequencies);
  void placeTakeBacks(const Region &R);
  void takeBackOnEdge(llvm::BasicBlock *From, llvm::BasicBlock *To);
  void findNeeds(const Region &R);
  bool leaves(const Region &R, const llvm::BasicBlock *To) const;
  void transfer(const Region &R, const llvm::BasicBlock &Block, State &S,
                bool Record);

  llvm::Function &F;
  /// In every block, in order: what needs the link to be in place.
  llvm::DenseMap<llvm::BasicBlock *, llvm::SmallVector<llvm::CallBase *, 4>>
      CallsOf;
  llvm::SmallVector<llvm::CallBase *, 16> Ordinary;
  llvm::SmallPtrSet<const llvm::CallBase *, 16> IsOrdinary;
  llvm::SmallPtrSet<const llvm::CallBase *, 8> IsAllocation;
  llvm::SmallPtrSet<const llvm::CallBase *, 8> IsTail;
  bool ReturnsTwice = false;
  bool HasFixedEdges = false;
  bool JumpsToReturn = false; ///< A tail call whose return is another block's.

  std::vector<Region> Regions;
  llvm::DenseMap<const llvm::BasicBlock *, unsigned> RegionOf; ///< From 1.
  llvm::DenseMap<const llvm::CallBase *, Need> Needs;
  llvm::DenseSet<const llvm::CallBase *> Linked;
  llvm::SmallVector<llvm::Instruction *, 8> TakeBacks;
  llvm::SmallPtrSet<llvm::BasicBlock *, 8> TakenBackAtStart;
  llvm::SmallVector<Edge, 4> TakeBackEdges;
};

} // namespace memtrack

#endif
