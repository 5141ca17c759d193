//===- MemTrackPass.cpp - The passes of the plugin ------------------------===//

#include "MemTrackPass.h"
#include "AllocationCalls.h"
#include "CallRewriter.h"
#include "CallingContext.h"
#include "ContextPlan.h"
#include "MayAllocate.h"
#include "OwnAllocators.h"
#include "PassConfig.h"
#include "PoolFunctions.h"
#include "PoolHooks.h"
#include "Registration.h"
#include "SiteSections.h"
#include "SiteTable.h"
#include "Wrappers.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace memtrack;

/// A function whose calls have been instrumented. Its allocations that are left
/// may still be rewritten, as in a module that was linked from others.
static constexpr char DoneMark[] = "memtrack-context";

static void explainRejected(const RejectedCall &Rejected) {
  OptimizationRemarkEmitter Emitter(Rejected.Call->getFunction());
  Emitter.emit([&] {
    return OptimizationRemarkMissed("memtrack", "NotRewritten", Rejected.Call)
           << "call of " << ore::NV("Function", Rejected.Symbol)
           << " left alone: " << ore::NV("Reason", Rejected.Reason);
  });
}

PreservedAnalyses PreparePass::run(Module &M, ModuleAnalysisManager &) {
  PassConfig Config = PassConfig::read(M, false);
  ClassifiedCalls Classified = classifyAllocationCalls(M);
  markWrappers(M, Classified);
  PoolFunctions Pools(M, Config, false);
  Pools.mark(M);
  MayAllocate MayCallAllocator(M, Pools);
  bool Changed = false;
  for (const FunctionCalls &Function : Classified.Functions) {
    // What is rejected here will be once more, and is told of then.
    Changed |= insertPoolHooks(*Function.F, Pools, false, Classified.Rejected);
    if (const PoolFunction *Pool = Pools.find(*Function.F))
      markCallsInPool(*Function.F, Pool->Pool);
    for (const AllocationCall &Call : Function.Calls)
      Call.Call->addFnAttr(Attribute::NoMerge);
    if (!Config.Contexts)
      continue;
    for (Instruction &I : instructions(*Function.F))
      if (auto *Call = dyn_cast<CallBase>(&I))
        if (!isa<IntrinsicInst>(Call) && MayCallAllocator(*Call))
          Call->addFnAttr(Attribute::NoMerge);
  }
  keepOwnAllocators(Classified.OwnAllocators);
  // An attribute that only withholds a transformation invalidates no analysis.
  return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
}

namespace {

/// Instruments the functions of one module, one after the other.
class Instrumentation {
public:
  Instrumentation(Module &M, const PoolFunctions &Pools,
                  FunctionAnalysisManager *FunctionAnalyses)
      : MayCallAllocator(M, Pools), Analyses(FunctionAnalyses), Sites(M, Pools),
        Rewriter(M), Contexts(M) {}

  bool instrument(const FunctionCalls &Function) {
    if (!Analyses || Function.F->hasFnAttribute(DoneMark))
      return rewrite(Function, nullptr);
    SmallPtrSet<CallBase *, 8> Allocations;
    for (const AllocationCall &Call : Function.Calls)
      Allocations.insert(Call.Call);
    // Hooks are told the context by their own site, too.
    Allocations.insert(Function.Hooks.begin(), Function.Hooks.end());
    ContextPlan Plan(*Function.F, Allocations, MayCallAllocator, *Analyses);
    bool Changed = rewrite(Function, &Plan);
    Function.F->addFnAttr(DoneMark);
    return Changed;
  }

private:
  /// Without a plan, the function has no link.
  bool rewrite(const FunctionCalls &Function, const ContextPlan *Plan) {
    ArrayRef<CallBase *> Ordinary;
    if (Plan)
      Ordinary = Plan->calls();
    if (Function.Calls.empty() && Function.Hooks.empty() && Ordinary.empty())
      return false;
    SiteTable::FunctionSites Array = Sites.describe(Function, Ordinary);
    auto SiteFor = [&](const CallBase &Call, unsigned Index) {
      Constant *Address = Array.address(Index);
      return Plan && Plan->isLinked(Call) ? linkedSite(Address) : Address;
    };
    SmallVector<Constant *, 8> Addresses;
    for (size_t I = 0; I < Function.Calls.size(); ++I)
      Addresses.push_back(
          SiteFor(*Function.Calls[I].Call, Array.OfAllocations[I]));
    for (size_t I = 0; I < Function.Hooks.size(); ++I)
      setSite(*Function.Hooks[I],
              SiteFor(*Function.Hooks[I], Array.OfHooks[I]));
    if (!Ordinary.empty())
      Contexts.insert(*Function.F, *Plan, Array);
    for (size_t I = 0; I < Function.Calls.size(); ++I)
      Rewriter.rewrite(Function.Calls[I], Addresses[I]);
    return true;
  }

  static Constant *linkedSite(Constant *Site) {
    LLVMContext &Context = Site->getContext();
    return ConstantExpr::getGetElementPtr(
        Type::getInt8Ty(Context), Site,
        ConstantInt::get(Type::getInt64Ty(Context), MT_SITE_LINKED));
  }

  MayAllocate MayCallAllocator;
  FunctionAnalysisManager *Analyses; ///< Null for no contexts.
  SiteTable Sites;
  CallRewriter Rewriter;
  CallingContext Contexts;
};

} // namespace

PreservedAnalyses MemTrackPass::run(Module &M, ModuleAnalysisManager &AM) {
  PassConfig Config = PassConfig::read(M, true);
  ClassifiedCalls Classified = classifyAllocationCalls(M);
  PoolFunctions Pools(M, Config, true);
  bool Changed = false;
  for (FunctionCalls &Function : Classified.Functions) {
    Changed |= insertPoolHooks(*Function.F, Pools, true, Classified.Rejected);
    findPoolHooks(*Function.F, Function.Hooks);
  }
  for (const RejectedCall &Rejected : Classified.Rejected)
    explainRejected(Rejected);
  markOwnAllocators(M, Classified.OwnAllocators);

  FunctionAnalysisManager *Analyses = nullptr;
  if (Config.Contexts)
    Analyses =
        &AM.getResult<FunctionAnalysisManagerModuleProxy>(M).getManager();
  if (Changed && Analyses)
    Analyses->clear();
  Instrumentation Instrument(M, Pools, Analyses);
  bool Sites = false;
  for (const FunctionCalls &Function : Classified.Functions)
    Sites |= Instrument.instrument(Function);
  Changed |= Sites || !Classified.OwnAllocators.empty();
  Changed |= tieSitesToFunctions(M);
  if (Sites)
    registerSites(M);
  Changed |= PassConfig::removeFrom(M);
  return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
}
