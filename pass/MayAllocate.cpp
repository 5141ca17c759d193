//===- MayAllocate.cpp - Which calls may lead to an allocation ------------===//

#include "MayAllocate.h"
#include "LLVMCompat.h"
#include "PoolHooks.h"
#include "memtrack/abi.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;
using namespace memtrack;

/// Touches no memory that an allocator could keep its state in.
static bool cannotReachAllocator(const CallBase &Call) {
  return Call.onlyReadsMemory() || Call.onlyAccessesArgMemory();
}

/// `log` and its kind are names that programs like, too.
static bool takesFloatingPoint(const Function &F) {
  return F.arg_size() > 0 && F.getArg(0)->getType()->isFloatingPointTy();
}

bool MayAllocate::isNonAllocating(const Function &F) const {
  auto Known = LibraryFunctions.find(F.getName());
  return Known != LibraryFunctions.end() &&
         (Known->second == Kind::Any || takesFloatingPoint(F));
}

MayAllocate::Answer MayAllocate::judge(const CallBase &Call,
                                       const Function *&Callee) const {
  if (isa<IntrinsicInst>(Call) || Call.isInlineAsm())
    return Answer::No;
  if (Pools.find(Call) || isPoolHook(Call))
    return Answer::Yes;
  if (cannotReachAllocator(Call))
    return Answer::No;
  const Value *Target = Call.getCalledOperand()->stripPointerCasts();
  if (auto *Alias = dyn_cast<GlobalAlias>(Target))
    if (!Alias->isInterposable())
      Target = Alias->getAliaseeObject();
  Callee = dyn_cast<Function>(Target);
  if (!Callee)
    return Answer::Yes;
  if (startsWith(Callee->getName(), MT_ENTRY_PREFIX))
    return Answer::No;
  // A program may have a function of a library's name.
  if (Callee->isDeclaration())
    return isNonAllocating(*Callee) ? Answer::No : Answer::Yes;
  // What another module may replace, or has compiled, is not to be judged by
  // the body seen here.
  if (Callee->isInterposable() || Callee->hasAvailableExternallyLinkage())
    return Answer::Yes;
  return Answer::AskCallee;
}

MayAllocate::MayAllocate(Module &M, const PoolFunctions &CustomAllocators)
    : Pools(CustomAllocators) {
  auto Add = [&](Kind K, std::initializer_list<StringRef> Names) {
    for (StringRef Name : Names)
      LibraryFunctions[Name] = K;
  };
#define MT_NAMES(...) Add(Kind::Any, {__VA_ARGS__});
#define MT_MATH(name) Add(Kind::Mathematical, {name, name "f", name "l"});
#include "NonAllocating.def"

  DenseMap<const Function *, SmallVector<const Function *, 4>> Callers;
  SmallVector<const Function *, 32> Found;
  for (const Function &F : M)
    for (const Instruction &I : instructions(F)) {
      auto *Call = dyn_cast<CallBase>(&I);
      if (!Call)
        continue;
      const Function *Callee = nullptr;
      Answer Known = judge(*Call, Callee);
      if (Known == Answer::AskCallee)
        Callers[Callee].push_back(&F);
      else if (Known == Answer::Yes && Allocating.insert(&F).second)
        Found.push_back(&F);
    }
  while (!Found.empty())
    for (const Function *Caller : Callers.lookup(Found.pop_back_val()))
      if (Allocating.insert(Caller).second)
        Found.push_back(Caller);
}

bool MayAllocate::operator()(const CallBase &Call) const {
  const Function *Callee = nullptr;
  Answer Known = judge(Call, Callee);
  return Known == Answer::AskCallee ? Allocating.contains(Callee)
                                    : Known == Answer::Yes;
}
