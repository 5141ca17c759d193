//===- ContextPlan.cpp - Where a function keeps its context ---------------===//

#include "ContextPlan.h"
#include "LLVMCompat.h"
#include "memtrack/abi.h"
#include "llvm/ADT/DepthFirstIterator.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;
using namespace memtrack;

/// Instructions that the code generator looks through when it decides whether a
/// call is the last thing a function does.
static bool isTransparent(const Instruction &I) {
  if (auto *Intrinsic = dyn_cast<IntrinsicInst>(&I))
    return isa<DbgInfoIntrinsic>(Intrinsic) ||
           Intrinsic->getIntrinsicID() == Intrinsic::lifetime_end ||
           Intrinsic->getIntrinsicID() == Intrinsic::assume ||
           Intrinsic->getIntrinsicID() == Intrinsic::pseudoprobe;
  return isa<BitCastInst>(I);
}

static const Value *withoutCasts(const Value *V) {
  while (auto *Cast = dyn_cast<BitCastInst>(V))
    V = Cast->getOperand(0);
  return V;
}

static const Instruction *firstOpaque(const Instruction *I) {
  while (I && (isa<PHINode>(I) || isTransparent(*I)))
    I = I->getNextNode();
  return I;
}

/// Whether the code generator is likely to make \p Call a jump. Code after such
/// a call would make the stack grow where it did not without MemTrack.
static bool isTailCall(const CallBase &Base) {
  auto *Call = dyn_cast<CallInst>(&Base);
  if (!Call)
    return false;
  if (Call->isMustTailCall())
    return true;
  if (!Call->isTailCall() ||
      Call->getFunction()
          ->getFnAttribute("disable-tail-calls")
          .getValueAsBool() ||
      Call->getFunction()->hasFnAttribute(Attribute::OptimizeNone))
    return false;
  const Instruction *Next = firstOpaque(Call->getNextNode());
  const BasicBlock *From = Call->getParent();
  // It duplicates a return into the blocks that jump to it.
  if (auto *Branch = dyn_cast_or_null<BranchInst>(Next)) {
    if (Branch->isConditional())
      return false;
    Next = firstOpaque(&Branch->getSuccessor(0)->front());
  }
  auto *Return = dyn_cast_or_null<ReturnInst>(Next);
  if (!Return)
    return false;
  const Value *Result = Return->getReturnValue();
  if (!Result || isa<UndefValue>(Result))
    return true;
  Result = withoutCasts(Result);
  if (auto *Phi = dyn_cast<PHINode>(Result))
    if (Phi->getParent() != From && Phi->getBasicBlockIndex(From) >= 0)
      Result = withoutCasts(Phi->getIncomingValueForBlock(From));
  return Result == Call || isa<UndefValue>(Result);
}

/// Whether the thread's context may be another one when \p Call returns.
/// Callees that are instrumented leave it as it was. Others may catch an
/// exception that one of their instrumented callees has thrown; that they may
/// call longjmp, or swapcontext, is for the runtime to put right, but for
/// functions that switch stacks by means of their own and that their names give
/// away. What is called through a pointer may be any of these.
static bool mayLoseContext(const CallBase &Call) {
  const Function *Callee = Call.getCalledFunction();
  if (!Callee)
    return !Call.doesNotThrow();
  if (!Callee->isDeclaration())
    return false;
  // What does not throw may catch none the less, if it is C++.
  if (!Call.doesNotThrow() || startsWith(Callee->getName(), "_Z"))
    return true;
  std::string Name = Callee->getName().lower();
  return any_of(ArrayRef<StringRef>{"swap", "switch", "context", "ctx", "fiber",
                                    "coro", "yield", "resume", "jump"},
                [&](StringRef Part) { return StringRef(Name).contains(Part); });
}

/// The builtin's intrinsic does, but is not marked.
static bool returnsTwice(const CallBase &Call) {
  return Call.hasFnAttr(Attribute::ReturnsTwice) ||
         Call.getIntrinsicID() == Intrinsic::eh_sjlj_setjmp;
}

/// Nothing can be put on the edges to its successors.
static bool hasFixedEdges(const Instruction &I) {
  return isa<IndirectBrInst>(I) || isa<CallBrInst>(I);
}

void ContextPlan::collect(const SmallPtrSetImpl<CallBase *> &Allocations,
                          const MayAllocate &MayCallAllocator) {
  for (Instruction &I : instructions(F)) {
    HasFixedEdges |= hasFixedEdges(I);
    auto *Call = dyn_cast<CallBase>(&I);
    if (!Call)
      continue;
    bool Allocates = Allocations.contains(Call);
    bool Twice = returnsTwice(*Call);
    bool May = !Allocates && MayCallAllocator(*Call);
    // Where an exception is caught, the link has to be in place, whatever
    // throws it.
    if (!Allocates && !Twice && !May && !isa<InvokeInst>(Call))
      continue;
    if (isTailCall(*Call)) {
      IsTail.insert(Call);
      JumpsToReturn |= isa<BranchInst>(Call->getParent()->getTerminator());
      continue;
    }
    ReturnsTwice |= Twice;
    if (Allocates)
      IsAllocation.insert(Call);
    if (May) {
      Ordinary.push_back(Call);
      IsOrdinary.insert(Call);
    }
    CallsOf[Call->getParent()].push_back(Call);
  }
  // An allocation alone is told by its own site. Beside a link, it matters
  // where an exception of it is caught.
  for (auto &Block : CallsOf)
    erase_if(Block.second, [&](CallBase *Call) {
      return IsAllocation.contains(Call) && !isa<InvokeInst>(Call);
    });
}

ContextPlan::ContextPlan(Function &Fn,
                         const SmallPtrSetImpl<CallBase *> &Allocations,
                         const MayAllocate &MayCallAllocator,
                         FunctionAnalysisManager &Analyses)
    : F(Fn) {
  collect(Allocations, MayCallAllocator);
  if (Ordinary.size() > MT_LINK_MAX_SITES)
    Ordinary.clear();
  if (Ordinary.empty())
    return;
  // A function that returns twice may come back to where no set-up was passed;
  // edges that cannot be split cannot take the link back.
  if (ReturnsTwice || HasFixedEdges)
    placeAtEntry(ReturnsTwice);
  else
    placeByFrequency(Analyses.getResult<DominatorTreeAnalysis>(F),
                     Analyses.getResult<BlockFrequencyAnalysis>(F));
  for (const Region &R : Regions)
    placeTakeBacks(R);
  for (const Region &R : Regions)
    findNeeds(R);
  // Calls in code that is never reached are left alone.
  erase_if(Ordinary, [&](CallBase *Call) { return !Linked.contains(Call); });
}

void ContextPlan::placeAtEntry(bool Everywhere) {
  SmallVector<BasicBlock *, 16> Blocks;
  for (BasicBlock *Block : depth_first(&F.getEntryBlock()))
    if (Everywhere || !CallsOf.lookup(Block).empty())
      Blocks.push_back(Block);
  addRegion(&F.getEntryBlock(), Blocks, nullptr);
}

void ContextPlan::placeByFrequency(const DominatorTree &Dominators,
                                   const BlockFrequencyInfo &Frequencies) {
  // Children before their parents: the cheapest way to serve all calls that a
  // block dominates is one set-up in it, or that of each child by itself.
  std::vector<const DomTreeNode *> Nodes;
  for (const DomTreeNode *Node : depth_first(Dominators.getRootNode()))
    Nodes.push_back(Node);
  struct Choice {
    double Cost = 0;
    bool Here = false;
  };
  DenseMap<const DomTreeNode *, Choice> Choices;
  for (const DomTreeNode *Node : reverse(Nodes)) {
    Choice Best;
    for (const DomTreeNode *Child : *Node)
      Best.Cost += Choices.lookup(Child).Cost;
    double Here = static_cast<double>(
        Frequencies.getBlockFreq(Node->getBlock()).getFrequency());
    auto Calls = CallsOf.find(Node->getBlock());
    bool Needed = Calls != CallsOf.end() && !Calls->second.empty();
    // Several set-ups cost room, too.
    if (Needed || (Best.Cost > 0 && Here <= Best.Cost * 1.25))
      Best = {Here, true};
    // The first block of all is worth nothing to the heuristics if it is never
    // left; a choice must still be made.
    if (Needed && Best.Cost == 0)
      Best.Cost = 1;
    Choices[Node] = Best;
  }
  SmallVector<const DomTreeNode *, 16> Left{Dominators.getRootNode()};
  while (!Left.empty()) {
    const DomTreeNode *Node = Left.pop_back_val();
    Choice Chosen = Choices.lookup(Node);
    if (Chosen.Cost == 0)
      continue;
    if (!Chosen.Here) {
      append_range(Left, *Node);
      continue;
    }
    SmallVector<BasicBlock *, 16> Blocks;
    for (const DomTreeNode *Inner : depth_first(Node)) {
      auto Calls = CallsOf.find(Inner->getBlock());
      if (Calls != CallsOf.end() && !Calls->second.empty())
        Blocks.push_back(Inner->getBlock());
    }
    addRegion(Node->getBlock(), Blocks, &Frequencies);
  }
}

/// \p Frequencies are null where they do not matter.
void ContextPlan::addRegion(BasicBlock *Root,
                            ArrayRef<BasicBlock *> BlocksWithCalls,
                            const BlockFrequencyInfo *Frequencies) {
  Region R{Root, Root->getTerminator(), nullptr, {}};
  // Where a link is in place anyhow, one take-back at the function's end is
  // less code than several where the last calls are. But a return that a call
  // is to jump over has to stay empty.
  bool Extend = Root == &F.getEntryBlock() && !JumpsToReturn;
  unsigned Number = Regions.size() + 1;
  SmallVector<BasicBlock *, 16> Left(BlocksWithCalls.begin(),
                                     BlocksWithCalls.end());
  // Backwards from the calls: all paths to them pass the root.
  Left.push_back(Root);
  while (!Left.empty()) {
    BasicBlock *Block = Left.pop_back_val();
    if (!RegionOf.try_emplace(Block, Number).second)
      continue;
    R.Blocks.push_back(Block);
    if (Block != Root)
      append_range(Left, predecessors(Block));
    if (Extend || hasFixedEdges(*Block->getTerminator()))
      append_range(Left, successors(Block));
  }
  auto AtRoot = CallsOf.find(Root);
  if (AtRoot != CallsOf.end() && !AtRoot->second.empty())
    R.SetUp = AtRoot->second.front();
  // The call that is made most often then needs no store of its own if no
  // other comes between.
  uint64_t Most = 0;
  for (BasicBlock *Block : BlocksWithCalls)
    for (CallBase *Call : CallsOf.lookup(Block)) {
      if (!IsOrdinary.contains(Call))
        continue;
      uint64_t Often =
          Frequencies ? Frequencies->getBlockFreq(Block).getFrequency() : 1;
      if (Call == R.SetUp)
        Often = UINT64_MAX;
      if (!R.FirstCall || Often > Most) {
        R.FirstCall = Call;
        Most = Often;
      }
    }
  Regions.push_back(std::move(R));
}

/// Whether the edge from a block of \p R to \p To ends the region, or enters it
/// anew.
bool ContextPlan::leaves(const Region &R, const BasicBlock *To) const {
  unsigned Number = static_cast<unsigned>(&R - Regions.data()) + 1;
  return RegionOf.lookup(To) != Number ||
         (To == R.Root && To != &F.getEntryBlock());
}

/// Where the link of a block that ends the region is taken back: before a call
/// that becomes a jump, else at the block's end.
static Instruction *endOf(BasicBlock &Block,
                          const SmallPtrSetImpl<const CallBase *> &IsTail) {
  Instruction *End = Block.getTerminator();
  for (Instruction *I = End->getPrevNode(); I; I = I->getPrevNode()) {
    auto *Call = dyn_cast<CallBase>(I);
    if (Call && IsTail.contains(Call))
      return Call;
    if (!isTransparent(*I))
      break;
  }
  return End;
}

void ContextPlan::takeBackOnEdge(BasicBlock *From, BasicBlock *To) {
  if (TakenBackAtStart.contains(To))
    return;
  // An exception arrives only from invokes, which are all in regions.
  bool AtStart = To->isEHPad() || all_of(predecessors(To), [&](BasicBlock *P) {
                   unsigned Number = RegionOf.lookup(P);
                   return Number && leaves(Regions[Number - 1], To);
                 });
  if (!AtStart) {
    TakeBackEdges.push_back({From, To});
    return;
  }
  TakenBackAtStart.insert(To);
  TakeBacks.push_back(&*To->getFirstInsertionPt());
}

void ContextPlan::placeTakeBacks(const Region &R) {
  for (BasicBlock *Block : R.Blocks) {
    Instruction *End = Block->getTerminator();
    if (isa<UnreachableInst>(End))
      continue;
    bool AllLeave = all_of(successors(Block),
                           [&](BasicBlock *To) { return leaves(R, To); });
    if (AllLeave && !isa<InvokeInst>(End)) {
      TakeBacks.push_back(endOf(*Block, IsTail));
      continue;
    }
    SmallPtrSet<BasicBlock *, 4> Seen;
    for (BasicBlock *To : successors(Block))
      if (leaves(R, To) && Seen.insert(To).second)
        takeBackOnEdge(Block, To);
  }
}

/// What is known of the link at a point of a region.
struct ContextPlan::State {
  bool IsContext = false;         ///< It is the thread's context.
  const CallBase *Call = nullptr; ///< Which call it names; null: not known.

  bool operator==(const State &Other) const {
    return IsContext == Other.IsContext && Call == Other.Call;
  }
  void meet(const State &Other) {
    IsContext &= Other.IsContext;
    if (Call != Other.Call)
      Call = nullptr;
  }
};

/// Walks over \p Block; records what its calls need when \p Record.
void ContextPlan::transfer(const Region &R, const BasicBlock &Block, State &S,
                           bool Record) {
  bool InPlace = &Block != R.Root;
  if (Block.isEHPad())
    S.IsContext = false;
  for (const Instruction &I : Block) {
    if (&Block == R.Root && &I == R.SetUp) {
      InPlace = true;
      S = {true, R.FirstCall};
    }
    auto *Call = dyn_cast<CallBase>(&I);
    if (!InPlace || !Call)
      continue;
    bool Names = IsOrdinary.contains(Call);
    if (Names || IsAllocation.contains(Call)) {
      if (Record) {
        Needs[Call] = {Names && S.Call != Call, !S.IsContext};
        Linked.insert(Call);
      }
      S.IsContext = true;
      if (Names)
        S.Call = Call;
    }
    if (returnsTwice(*Call))
      S = {};
    else if (Names && mayLoseContext(*Call))
      S.IsContext = false;
  }
}

void ContextPlan::findNeeds(const Region &R) {
  DenseMap<const BasicBlock *, State> AtStart;
  SmallVector<const BasicBlock *, 16> Left{R.Root};
  AtStart[R.Root] = {};
  while (!Left.empty()) {
    const BasicBlock *Block = Left.pop_back_val();
    State AtEnd = AtStart[Block];
    transfer(R, *Block, AtEnd, false);
    for (const BasicBlock *To : successors(Block)) {
      if (leaves(R, To))
        continue;
      auto Known = AtStart.try_emplace(To, AtEnd);
      State Met = Known.first->second;
      Met.meet(AtEnd);
      if (!Known.second && Met == Known.first->second)
        continue;
      Known.first->second = Met;
      Left.push_back(To);
    }
  }
  for (const BasicBlock *Block : R.Blocks) {
    State S = AtStart.lookup(Block);
    transfer(R, *Block, S, true);
  }
}
