//===- CallRewriter.cpp - From allocator to entry point -------------------===//

#include "CallRewriter.h"
#include "LLVMCompat.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;
using namespace memtrack;

/// The attributes of \p Call and of the function it names, which the entry
/// point cannot have itself: malloc does not throw and operator new does, but
/// both are served by one. Dropped is what holds for an allocator only: the
/// optimiser may not take the runtime for a function without side effects, nor
/// for one whose calls it may remove.
static AttributeList attributesOfNewCall(const AllocationCall &Call) {
  LLVMContext &Context = Call.Call->getContext();
  AttributeList OfCall = Call.Call->getAttributes();
  AttributeList OfCallee;
  if (auto *F = dyn_cast<Function>(Call.Callee))
    if (Call.Function->hasShapeOf(F->getFunctionType(), *F->getParent()))
      OfCallee = F->getAttributes();

  // Where both have an attribute, the call's is the more precise.
  auto Unite = [&](AttributeSet General, AttributeSet Precise) {
    AttrBuilder Builder(Context, General);
    Builder.merge(AttrBuilder(Context, Precise));
    return Builder;
  };

  AttrBuilder OfFunction(Context, OfCall.getFnAttrs());
  for (Attribute::AttrKind Kind :
       {Attribute::NoUnwind, Attribute::WillReturn, Attribute::AllocSize}) {
    Attribute Inherited = OfCallee.getFnAttr(Kind);
    if (Inherited.isValid() && !OfFunction.contains(Kind))
      OfFunction.addAttribute(Inherited);
  }
  OfFunction.remove(memoryEffectAttributes());
  OfFunction.remove(allocatorFunctionAttributes());
  OfFunction.removeAttribute(Attribute::Builtin);
  OfFunction.removeAttribute(Attribute::NoBuiltin);
  OfFunction.removeAttribute(Attribute::NoFree);
  OfFunction.removeAttribute(Attribute::NoSync);

  SmallVector<AttributeSet, 4> OfParameters;
  for (unsigned I = 0; I < Call.Call->arg_size(); ++I) {
    AttrBuilder Builder =
        Unite(OfCallee.getParamAttrs(I), OfCall.getParamAttrs(I));
    Builder.remove(allocatorParameterAttributes());
    OfParameters.push_back(AttributeSet::get(Context, Builder));
  }
  return AttributeList::get(
      Context, AttributeSet::get(Context, OfFunction),
      AttributeSet::get(Context,
                        Unite(OfCallee.getRetAttrs(), OfCall.getRetAttrs())),
      OfParameters);
}

/// An external function like any other, never dso_local: the runtime is as
/// likely a shared library as an archive.
FunctionCallee CallRewriter::entryPoint(const AllocationCall &Call,
                                        FunctionType *Type) {
  FunctionCallee Entry = M.getOrInsertFunction(Call.Function->Entry, Type);
  auto *Declaration =
      dyn_cast<Function>(Entry.getCallee()->stripPointerCasts());
  auto *Original = dyn_cast<Function>(Call.Callee);
  if (Declaration && Original &&
      Original->hasFnAttribute(Attribute::NonLazyBind))
    Declaration->addFnAttr(Attribute::NonLazyBind);
  return Entry;
}

void CallRewriter::rewrite(const AllocationCall &Allocation, Constant *Site) {
  CallBase *Call = Allocation.Call;
  SmallVector<Value *, 4> Arguments(Call->args());
  Arguments.push_back(Site);
  SmallVector<Type *, 4> Parameters;
  for (Value *Argument : Arguments)
    Parameters.push_back(Argument->getType());
  auto *Type = FunctionType::get(Call->getType(), Parameters, false);
  FunctionCallee Entry = entryPoint(Allocation, Type);

  SmallVector<OperandBundleDef, 1> Bundles;
  Call->getOperandBundlesAsDefs(Bundles);
  IRBuilder<> Builder(Call);
  CallBase *New;
  if (auto *Invoke = dyn_cast<InvokeInst>(Call)) {
    New = Builder.CreateInvoke(Entry, Invoke->getNormalDest(),
                               Invoke->getUnwindDest(), Arguments, Bundles);
  } else {
    CallInst *NewCall = Builder.CreateCall(Entry, Arguments, Bundles);
    NewCall->setTailCallKind(cast<CallInst>(Call)->getTailCallKind());
    New = NewCall;
  }
  New->setAttributes(attributesOfNewCall(Allocation));
  New->copyMetadata(*Call);
  New->takeName(Call);
  Call->replaceAllUsesWith(New);
  Call->eraseFromParent();
}
