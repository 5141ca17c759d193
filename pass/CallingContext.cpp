//===- CallingContext.cpp - The instructions that keep a context ----------===//

#include "CallingContext.h"
#include "LLVMCompat.h"
#include "memtrack/abi.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Transforms/Utils/BasicBlockUtils.h"

using namespace llvm;
using namespace memtrack;

/// Never weak: a program without the runtime must fail to link, or it would
/// write to the thread's control block.
Constant *CallingContext::context() {
  if (Context)
    return Context;
  Type *Pointer = bytePointerType(M.getContext());
  Context = M.getOrInsertGlobal(MT_CONTEXT_VARIABLE, Pointer, [&] {
    return new GlobalVariable(M, Pointer, false, GlobalValue::ExternalLinkage,
                              nullptr, MT_CONTEXT_VARIABLE, nullptr,
                              GlobalVariable::InitialExecTLSModel);
  });
  return Context;
}

namespace {

/// One function's link and what is done with it. All accesses are volatile: a
/// signal handler may look at any instruction, and the runtime reads and writes
/// the link behind the optimiser's back. Sanitizers are told to leave them
/// alone.
class Link {
public:
  Link(Function &F, Constant *ContextVariable,
       const SiteTable::FunctionSites &SiteArray)
      : Context(ContextVariable), Sites(SiteArray) {
    LLVMContext &Ctx = F.getContext();
    Int8 = Type::getInt8Ty(Ctx);
    Int16 = Type::getInt16Ty(Ctx);
    Int64 = Type::getInt64Ty(Ctx);
    Pointer = bytePointerType(Ctx);
    Layout = StructType::get(Pointer, Pointer, Int64);
    IsNarrow = Sites.CallSites <= MT_LINK_KNOWN;
    IRBuilder<> Builder(&*F.getEntryBlock().getFirstInsertionPt());
    Memory = Builder.CreateAlloca(Layout, nullptr, "memtrack.link");
    Memory->setAlignment(Align(alignof(memtrack_link)));
  }

  void setUp(Instruction *Before, unsigned Site) {
    IRBuilder<> Builder(Before);
    Value *Caller = load(Builder, Context, "memtrack.caller");
    store(Builder, Caller, member(Builder, 0));
    Constant *Array = Sites.address(0);
    if (IsNarrow)
      Array = ConstantExpr::getGetElementPtr(
          Int8, Array, ConstantInt::get(Int64, MT_LINK_NARROW));
    store(Builder, Array, member(Builder, 1));
    store(Builder, ConstantInt::get(Int64, MT_LINK_CALL | number(Site)),
          member(Builder, 2));
    makeContext(Before);
  }

  void name(Instruction *Before, unsigned Site) {
    IRBuilder<> Builder(Before);
    llvm::Type *Part = IsNarrow ? Int8 : Int16;
    store(Builder, ConstantInt::get(Part, number(Site)),
          Builder.CreateBitCast(member(Builder, 2), Part->getPointerTo()));
  }

  void makeContext(Instruction *Before) {
    IRBuilder<> Builder(Before);
    store(Builder, Builder.CreateBitCast(Memory, Pointer), Context);
  }

  void takeBack(Instruction *Before) {
    IRBuilder<> Builder(Before);
    store(Builder, load(Builder, member(Builder, 0), "memtrack.caller"),
          Context);
  }

private:
  /// Those with the byte of MT_LINK_KNOWN are left out.
  static uint64_t number(unsigned Site) { return Site + Site / MT_LINK_KNOWN; }

  Value *member(IRBuilder<> &Builder, unsigned Index) {
    return Builder.CreateStructGEP(Layout, Memory, Index);
  }

  Value *load(IRBuilder<> &Builder, Value *From, const char *Name) {
    return unsanitized(Builder.CreateLoad(Pointer, From, true, Name));
  }

  void store(IRBuilder<> &Builder, Value *What, Value *Where) {
    unsanitized(Builder.CreateStore(What, Where, true));
  }

  Instruction *unsanitized(Instruction *I) {
    I->setMetadata("nosanitize",
                   MDNode::get(I->getContext(), ArrayRef<Metadata *>()));
    return I;
  }

  Constant *Context;
  const SiteTable::FunctionSites &Sites;
  llvm::Type *Int8, *Int16, *Int64;
  PointerType *Pointer;
  StructType *Layout;
  bool IsNarrow;
  AllocaInst *Memory;
};

} // namespace

/// A `tail` call promises that it does not look at its caller's stack, and the
/// runtime does.
static void withdrawTail(CallBase &Base) {
  auto *Call = dyn_cast<CallInst>(&Base);
  if (Call && Call->getTailCallKind() == CallInst::TCK_Tail)
    Call->setTailCallKind(CallInst::TCK_None);
}

static BasicBlock *splitEdge(const ContextPlan::Edge &E) {
  Instruction *End = E.From->getTerminator();
  for (unsigned I = 0; I < End->getNumSuccessors(); ++I)
    if (End->getSuccessor(I) == E.To)
      return SplitKnownCriticalEdge(
          End, I, CriticalEdgeSplittingOptions().setMergeIdenticalEdges());
  return nullptr;
}

void CallingContext::insert(Function &F, const ContextPlan &Plan,
                            const SiteTable::FunctionSites &Sites) {
  DenseMap<const CallBase *, unsigned> SiteOf;
  for (size_t I = 0; I < Sites.OfCalls.size(); ++I)
    SiteOf[Plan.calls()[I]] = Sites.OfCalls[I];

  // All that it was inferred from is no longer the whole truth.
  F.removeFnAttrs(memoryEffectAttributes());
  Link Own(F, context(), Sites);
  for (Instruction *Before : Plan.takeBacksBefore())
    Own.takeBack(Before);
  for (const ContextPlan::Region &R : Plan.regions())
    Own.setUp(R.SetUp, SiteOf.lookup(R.FirstCall));
  for (BasicBlock &Block : F)
    for (Instruction &I : Block) {
      auto *Call = dyn_cast<CallBase>(&I);
      if (!Call || !Plan.isLinked(*Call))
        continue;
      ContextPlan::Need Need = Plan.needOf(*Call);
      if (Need.Call)
        Own.name(Call, SiteOf.lookup(Call));
      if (Need.Context)
        Own.makeContext(Call);
      withdrawTail(*Call);
    }
  for (const ContextPlan::Edge &E : Plan.takeBacksOn())
    if (BasicBlock *Split = splitEdge(E))
      Own.takeBack(Split->getTerminator());
}
