//===- OwnAllocators.cpp - Allocators the program defines -----------------===//

#include "OwnAllocators.h"
#include "memtrack/abi.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Transforms/Utils/EscapeEnumerator.h"

using namespace llvm;
using namespace memtrack;

/// Whether anything that \p F calls could allocate, and nothing tells yet.
static bool needsMarks(const Function &F) {
  bool Calls = false;
  for (const Instruction &I : instructions(F)) {
    auto *Call = dyn_cast<CallBase>(&I);
    if (!Call || isa<IntrinsicInst>(Call))
      continue;
    const Function *Callee = Call->getCalledFunction();
    if (Callee && Callee->getName() == MT_ENTER_FUNCTION)
      return false;
    Calls = true;
  }
  return Calls;
}

static FunctionCallee declareMark(Module &M, StringRef Name) {
  FunctionCallee Mark =
      M.getOrInsertFunction(Name, Type::getVoidTy(M.getContext()));
  if (auto *F = dyn_cast<Function>(Mark.getCallee()))
    F->setDoesNotThrow();
  return Mark;
}

static void callMark(IRBuilder<> &Builder, FunctionCallee Mark, Function &F) {
  // Code without a line, in a function that has some.
  if (DISubprogram *Subprogram = F.getSubprogram())
    Builder.SetCurrentDebugLocation(
        DILocation::get(F.getContext(), 0, 0, Subprogram));
  Builder.CreateCall(Mark);
}

void memtrack::keepOwnAllocators(ArrayRef<Function *> Definitions) {
  for (Function *F : Definitions)
    if (!F->hasFnAttribute(Attribute::AlwaysInline))
      F->addFnAttr(Attribute::NoInline);
}

void memtrack::markOwnAllocators(Module &M, ArrayRef<Function *> Definitions) {
  for (Function *F : Definitions) {
    if (!needsMarks(*F))
      continue;
    FunctionCallee Enter = declareMark(M, MT_ENTER_FUNCTION);
    FunctionCallee Leave = declareMark(M, MT_LEAVE_FUNCTION);
    IRBuilder<> AtEntry(&*F->getEntryBlock().getFirstInsertionPt());
    callMark(AtEntry, Enter, *F);
    EscapeEnumerator Exits(*F, "memtrack.leave", !F->doesNotThrow());
    while (IRBuilder<> *AtExit = Exits.Next())
      callMark(*AtExit, Leave, *F);
  }
}
