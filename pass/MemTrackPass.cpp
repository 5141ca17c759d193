//===- MemTrackPass.cpp - The passes of the plugin ------------------------===//

#include "MemTrackPass.h"
#include "AllocationCalls.h"
#include "CallRewriter.h"
#include "CallingContext.h"
#include "ContextPlan.h"
#include "MayAllocate.h"
#include "OwnAllocators.h"
#include "PassConfig.h"
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
  bool Contexts = PassConfig::read(M).Contexts;
  MayAllocate MayCallAllocator(M);
  ClassifiedCalls Classified = classifyAllocationCalls(M);
  for (const FunctionCalls &Function : Classified.Functions) {
    for (const AllocationCall &Call : Function.Calls)
      Call.Call->addFnAttr(Attribute::NoMerge);
    if (!Contexts)
      continue;
    for (Instruction &I : instructions(*Function.F))
      if (auto *Call = dyn_cast<CallBase>(&I))
        if (!isa<IntrinsicInst>(Call) && MayCallAllocator(*Call))
          Call->addFnAttr(Attribute::NoMerge);
  }
  markWrappers(M, Classified);
  // An attribute that only withholds a transformation invalidates no analysis.
  return PreservedAnalyses::all();
}

namespace {

/// Instruments the functions of one module, one after the other.
class Instrumentation {
public:
  Instrumentation(Module &M, FunctionAnalysisManager *FunctionAnalyses)
      : MayCallAllocator(M), Analyses(FunctionAnalyses), Sites(M), Rewriter(M),
        Contexts(M) {}

  bool instrument(const FunctionCalls &Function) {
    if (!Analyses || Function.F->hasFnAttribute(DoneMark))
      return rewrite(Function, nullptr);
    SmallPtrSet<CallBase *, 8> Allocations;
    for (const AllocationCall &Call : Function.Calls)
      Allocations.insert(Call.Call);
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
    if (Function.Calls.empty() && Ordinary.empty())
      return false;
    SiteTable::FunctionSites Array = Sites.describe(Function.Calls, Ordinary);
    SmallVector<Constant *, 8> Addresses;
    for (size_t I = 0; I < Function.Calls.size(); ++I) {
      Constant *Address = Array.address(Array.OfAllocations[I]);
      bool Linked = Plan && Plan->isLinked(*Function.Calls[I].Call);
      Addresses.push_back(Linked ? linkedSite(Address) : Address);
    }
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
  PassConfig Config = PassConfig::read(M);
  ClassifiedCalls Classified = classifyAllocationCalls(M);
  for (const RejectedCall &Rejected : Classified.Rejected)
    explainRejected(Rejected);
  markOwnAllocators(M, Classified.OwnAllocators);

  FunctionAnalysisManager *Analyses = nullptr;
  if (Config.Contexts)
    Analyses =
        &AM.getResult<FunctionAnalysisManagerModuleProxy>(M).getManager();
  Instrumentation Instrument(M, Analyses);
  bool Sites = false;
  for (const FunctionCalls &Function : Classified.Functions)
    Sites |= Instrument.instrument(Function);
  bool Changed = Sites || !Classified.OwnAllocators.empty();
  Changed |= tieSitesToFunctions(M);
  if (Sites)
    registerSites(M);
  Changed |= PassConfig::removeFrom(M);
  return Changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
}
