//===- SiteSections.cpp - Let sites live and die with their code ----------===//

#include "SiteSections.h"
#include "memtrack/abi.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;
using namespace memtrack;

/// Adds the functions whose code refers to \p Value. An array's references to
/// its own address are no use of it.
static void collectUsers(const Value &Value,
                         SmallPtrSetImpl<Function *> &Functions) {
  for (const User *U : Value.users()) {
    if (auto *I = dyn_cast<Instruction>(U))
      Functions.insert(const_cast<Function *>(I->getFunction()));
    else if (!isa<GlobalValue>(U))
      collectUsers(*U, Functions);
  }
}

/// The array of frames that the initialiser of an array of sites refers to.
static GlobalVariable *framesOf(Constant &Initializer) {
  for (Use &Operand : Initializer.operands()) {
    if (auto *Global = dyn_cast<GlobalVariable>(Operand)) {
      if (Global->getSection() == MT_FRAME_SECTION)
        return Global;
    } else if (!isa<GlobalValue>(Operand)) {
      if (GlobalVariable *Found = framesOf(*cast<Constant>(Operand)))
        return Found;
    }
  }
  return nullptr;
}

/// \p F is null for an array that more than one function refers to.
static bool tie(GlobalVariable &Array, Function *F, bool MayAssociate) {
  Comdat *Group = F ? F->getComdat() : nullptr;
  MDNode *Association = F && MayAssociate ? MDNode::get(Array.getContext(),
                                                        ValueAsMetadata::get(F))
                                          : nullptr;
  if (Array.getComdat() == Group &&
      Array.getMetadata(LLVMContext::MD_associated) == Association)
    return false;
  Array.setComdat(Group);
  Array.setMetadata(LLVMContext::MD_associated, Association);
  return true;
}

bool memtrack::tieSitesToFunctions(Module &M) {
  // Clang leaves these flags in what it compiles for link-time optimisation.
  // No association then: what it will inline where is not known yet, LLVM 17
  // and later take an association with a deleted function for a broken module,
  // and the optimiser itself removes the arrays of dead functions.
  bool MayAssociate =
      !M.getModuleFlag("ThinLTO") && !M.getModuleFlag("EnableSplitLTOUnit");
  bool Changed = false;
  for (GlobalVariable &Array : M.globals()) {
    if (Array.getSection() != MT_SITE_SECTION || !Array.hasInitializer())
      continue;
    SmallPtrSet<Function *, 2> Users;
    collectUsers(Array, Users);
    Function *User = Users.size() == 1 ? *Users.begin() : nullptr;
    Changed |= tie(Array, User, MayAssociate);
    if (GlobalVariable *Frames = framesOf(*Array.getInitializer()))
      Changed |= tie(*Frames, User, MayAssociate);
  }
  return Changed;
}
