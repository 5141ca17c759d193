//===- CalleeThunks.cpp - Jumps to the function the program named ---------===//

#include "CalleeThunks.h"
#include "LLVMCompat.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;
using namespace memtrack;

/// What the thunk needs of the program's declaration: how to generate code for
/// it, and whether it can throw.
static void copyFunctionAttributes(Function &Thunk, const GlobalValue &Callee) {
  if (auto *Declaration = dyn_cast<Function>(&Callee)) {
    for (StringRef Kind : {"target-cpu", "target-features", "tune-cpu"}) {
      Attribute Value = Declaration->getFnAttribute(Kind);
      if (Value.isValid())
        Thunk.addFnAttr(Value);
    }
    for (Attribute::AttrKind Kind : {Attribute::NoUnwind, Attribute::UWTable}) {
      Attribute Value = Declaration->getFnAttribute(Kind);
      if (Value.isValid())
        Thunk.addFnAttr(Value);
    }
  }
  Thunk.addFnAttr(Attribute::NoInline);
}

static Function *createThunk(Module &M, StringRef Name, FunctionType *Type,
                             GlobalValue &Callee) {
  Function *Thunk = Function::createWithDefaultAttr(
      Type, GlobalValue::LinkOnceODRLinkage, 0, Name, &M);
  Thunk->setVisibility(GlobalValue::HiddenVisibility);
  Thunk->setComdat(M.getOrInsertComdat(Name));
  copyFunctionAttributes(*Thunk, Callee);

  IRBuilder<> Builder(BasicBlock::Create(M.getContext(), "", Thunk));
  SmallVector<Value *, 4> Arguments;
  for (Argument &A : Thunk->args())
    Arguments.push_back(&A);
  Constant *Target =
      ConstantExpr::getPointerCast(&Callee, PointerType::get(Type, 0));
  CallInst *Call = Builder.CreateCall(Type, Target, Arguments);
  Call->setTailCallKind(CallInst::TCK_MustTail);
  if (Type->getReturnType()->isVoidTy())
    Builder.CreateRetVoid();
  else
    Builder.CreateRet(Call);
  return Thunk;
}

Function *CalleeThunks::get(const AllocationCall &Call) {
  Function *&Thunk = Thunks[Call.Function];
  if (Thunk)
    return Thunk;
  std::string Name = (MT_CALLEE_PREFIX + Call.Function->Symbol).str();
  // A module linked from instrumented ones has thunks already.
  Thunk = M.getFunction(Name);
  if (!Thunk || Thunk->isDeclaration())
    Thunk = createThunk(M, Name, Call.Function->type(M), *Call.Callee);
  return Thunk;
}
