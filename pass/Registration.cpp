//===- Registration.cpp - Tell the runtime of a module's sites ------------===//

#include "Registration.h"
#include "LLVMCompat.h"
#include "memtrack/abi.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;
using namespace memtrack;

/// Before any constructor of the program, and after any destructor of it.
static constexpr int EarliestPriority = 1;

/// Weak, since nothing defines it when the linker has collected every site.
static Constant *sectionBound(Module &M, StringRef Name) {
  if (GlobalValue *Declared = M.getNamedValue(Name))
    return ConstantExpr::getPointerCast(Declared,
                                        bytePointerType(M.getContext()));
  auto *Bound =
      new GlobalVariable(M, Type::getInt8Ty(M.getContext()), false,
                         GlobalValue::ExternalWeakLinkage, nullptr, Name);
  Bound->setVisibility(GlobalValue::HiddenVisibility);
  return Bound;
}

/// A function `void Name(void)` that passes the section's bounds to \p Callee.
static Function *createHook(Module &M, StringRef Name, StringRef Callee) {
  LLVMContext &Context = M.getContext();
  Type *Void = Type::getVoidTy(Context);
  Type *Pointer = bytePointerType(Context);
  Function *Hook = Function::createWithDefaultAttr(
      FunctionType::get(Void, false), GlobalValue::LinkOnceODRLinkage, 0, Name,
      &M);
  Hook->setVisibility(GlobalValue::HiddenVisibility);
  Hook->setComdat(M.getOrInsertComdat(Name));
  Hook->addFnAttr(Attribute::NoUnwind);

  FunctionCallee Target = M.getOrInsertFunction(Callee, Void, Pointer, Pointer);
  if (auto *Declaration = dyn_cast<Function>(Target.getCallee()))
    if (M.getRtLibUseGOT())
      Declaration->addFnAttr(Attribute::NonLazyBind);
  IRBuilder<> Builder(BasicBlock::Create(Context, "", Hook));
  Builder.CreateCall(Target, {sectionBound(M, "__start_" MT_SITE_SECTION),
                              sectionBound(M, "__stop_" MT_SITE_SECTION)});
  Builder.CreateRetVoid();
  return Hook;
}

void memtrack::registerSites(Module &M) {
  static constexpr char Init[] = MT_ENTRY_PREFIX "module_init";
  static constexpr char Fini[] = MT_ENTRY_PREFIX "module_fini";
  // A module linked from instrumented ones has them already.
  if (M.getFunction(Init))
    return;
  // With the function as its associated data, an entry of the array is in the
  // function's COMDAT and goes where the copy goes.
  Function *Constructor = createHook(M, Init, MT_REGISTER_FUNCTION);
  appendToGlobalCtors(M, Constructor, EarliestPriority, Constructor);
  Function *Destructor = createHook(M, Fini, MT_UNREGISTER_FUNCTION);
  appendToGlobalDtors(M, Destructor, EarliestPriority, Destructor);
}
