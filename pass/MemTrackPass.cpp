//===- MemTrackPass.cpp - The passes of the plugin ------------------------===//

#include "MemTrackPass.h"
#include "AllocationCalls.h"
#include "CallRewriter.h"
#include "OwnAllocators.h"
#include "Registration.h"
#include "SiteSections.h"
#include "SiteTable.h"
#include "llvm/Analysis/OptimizationRemarkEmitter.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace memtrack;

static void explainRejected(const RejectedCall &Rejected) {
  OptimizationRemarkEmitter Emitter(Rejected.Call->getFunction());
  Emitter.emit([&] {
    return OptimizationRemarkMissed("memtrack", "NotRewritten", Rejected.Call)
           << "call of " << ore::NV("Function", Rejected.Symbol)
           << " left alone: " << ore::NV("Reason", Rejected.Reason);
  });
}

PreservedAnalyses NoMergePass::run(Module &M, ModuleAnalysisManager &) {
  // An attribute that only withholds a transformation invalidates no analysis.
  for (const FunctionCalls &Function : classifyAllocationCalls(M).Functions)
    for (const AllocationCall &Call : Function.Calls)
      Call.Call->addFnAttr(Attribute::NoMerge);
  return PreservedAnalyses::all();
}

PreservedAnalyses MemTrackPass::run(Module &M, ModuleAnalysisManager &) {
  ClassifiedCalls Classified = classifyAllocationCalls(M);
  for (const RejectedCall &Rejected : Classified.Rejected)
    explainRejected(Rejected);
  markOwnAllocators(M, Classified.OwnAllocators);
  if (Classified.Functions.empty())
    return tieSitesToFunctions(M) || !Classified.OwnAllocators.empty()
               ? PreservedAnalyses::none()
               : PreservedAnalyses::all();

  SiteTable Sites(M);
  CallRewriter Rewriter(M);
  for (const FunctionCalls &Function : Classified.Functions) {
    auto Addresses = Sites.describe(Function.Calls);
    for (size_t I = 0; I < Function.Calls.size(); ++I)
      Rewriter.rewrite(Function.Calls[I], Addresses[I]);
  }
  tieSitesToFunctions(M);
  registerSites(M);
  return PreservedAnalyses::none();
}
