//===- CalleeCells.cpp - The functions the program named ------------------===//

#include "CalleeCells.h"
#include "LLVMCompat.h"
#include "llvm/IR/Constants.h"

using namespace llvm;
using namespace memtrack;

static GlobalVariable *createCell(Module &M, StringRef Name,
                                  GlobalValue &Callee) {
  PointerType *Pointer = bytePointerType(M.getContext());
  auto *Layout = StructType::get(Pointer, Pointer);
  assert(M.getDataLayout().getTypeAllocSize(Layout) == sizeof(memtrack_cell));
  Constant *Initial = ConstantStruct::get(
      Layout, {ConstantExpr::getPointerCast(&Callee, Pointer),
               ConstantPointerNull::get(Pointer)});
  auto *Cell = new GlobalVariable(
      M, Layout, false, GlobalValue::LinkOnceODRLinkage, Initial, Name);
  Cell->setVisibility(GlobalValue::HiddenVisibility);
  Cell->setComdat(M.getOrInsertComdat(Name));
  Cell->setAlignment(Align(sizeof(memtrack_cell)));
  return Cell;
}

GlobalVariable *CalleeCells::get(const AllocationCall &Call) {
  GlobalVariable *&Cell = Cells[Call.Function];
  if (Cell)
    return Cell;
  std::string Name = (MT_CELL_PREFIX + Call.Function->Symbol).str();
  // A module linked from instrumented ones has cells already.
  Cell = M.getNamedGlobal(Name);
  if (!Cell || Cell->isDeclaration())
    Cell = createCell(M, Name, *Call.Callee);
  return Cell;
}
