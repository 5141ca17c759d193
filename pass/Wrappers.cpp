//===- Wrappers.cpp - Functions that only pass on an allocator ------------===//

#include "Wrappers.h"
#include "LLVMCompat.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;
using namespace memtrack;

static constexpr char FunctionMark[] = "memtrack-wrapper";
static constexpr char SubprogramMarks[] = "memtrack.wrappers";

/// `void *` and pointers to bytes, through any typedef. Without debug
/// information, any pointer may be one.
static bool returnsRawPointer(const Function &F) {
  if (!F.getReturnType()->isPointerTy())
    return false;
  const DISubprogram *Subprogram = F.getSubprogram();
  if (!Subprogram || !Subprogram->getType())
    return true;
  auto Types = Subprogram->getType()->getTypeArray();
  if (Types.size() == 0)
    return true;
  bool Pointer = false;
  const DIType *Type = Types[0];
  while (auto *Derived = dyn_cast_or_null<DIDerivedType>(Type)) {
    if (Derived->getTag() == dwarf::DW_TAG_pointer_type) {
      if (Pointer)
        return false;
      Pointer = true;
    }
    Type = Derived->getBaseType();
  }
  if (!Pointer)
    return false;
  auto *Basic = dyn_cast_or_null<DIBasicType>(Type);
  return !Type || (Basic && Basic->getSizeInBits() == 8);
}

namespace {

/// What flows into a value, through the memory of local variables, since this
/// looks at code as the front end left it.
class Sources {
public:
  explicit Sources(const Value *V) { add(V); }

  SmallVector<const Value *, 8> Found;

private:
  void add(const Value *V) {
    V = V->stripPointerCasts();
    if (!Seen.insert(V).second)
      return;
    if (auto *Load = dyn_cast<LoadInst>(V)) {
      addStores(Load->getPointerOperand());
    } else if (auto *Phi = dyn_cast<PHINode>(V)) {
      for (const Value *Incoming : Phi->incoming_values())
        add(Incoming);
    } else if (auto *Select = dyn_cast<SelectInst>(V)) {
      add(Select->getTrueValue());
      add(Select->getFalseValue());
    } else if (auto *Address = dyn_cast<GetElementPtrInst>(V)) {
      // An allocator that keeps a header returns what lies behind it.
      add(Address->getPointerOperand());
    } else if (!isa<ConstantPointerNull>(V) && !isa<UndefValue>(V)) {
      Found.push_back(V);
    }
  }

  void addStores(const Value *Pointer) {
    auto *Variable = dyn_cast<AllocaInst>(Pointer->stripPointerCasts());
    if (!Variable) {
      Found.push_back(Pointer);
      return;
    }
    for (const User *U : Variable->users()) {
      if (auto *Store = dyn_cast<StoreInst>(U))
        add(Store->getPointerOperand() == Variable ? Store->getValueOperand()
                                                   : Pointer);
      else if (!isa<LoadInst>(U) && !isHarmless(*U))
        Found.push_back(Pointer); // its address is taken
    }
  }

  static bool isHarmless(const User &U) {
    if (isa<BitCastInst>(U)) {
      for (const User *Inner : U.users())
        if (!isa<LoadInst>(Inner) && !isHarmless(*Inner))
          return false;
      return true;
    }
    auto *Call = dyn_cast<CallBase>(&U);
    return Call && Call->getCalledFunction() &&
           Call->getCalledFunction()->isIntrinsic();
  }

  SmallPtrSet<const Value *, 16> Seen;
};

class WrapperFinder {
public:
  explicit WrapperFinder(const ClassifiedCalls &Classified) {
    for (const FunctionCalls &Function : Classified.Functions)
      for (const AllocationCall &Call : Function.Calls)
        if (Call.Function->Shape.front() == 'P')
          Allocations.insert(Call.Call);
  }

  bool isWrapper(const Function &F) {
    auto Known = Verdicts.find(&F);
    if (Known != Verdicts.end())
      return Known->second;
    // A function that goes round in circles is none.
    Verdicts[&F] = false;
    bool Verdict = judge(F);
    Verdicts[&F] = Verdict;
    return Verdict;
  }

private:
  bool judge(const Function &F) {
    if (F.isDeclaration() || F.isVarArg() || !returnsRawPointer(F))
      return false;
    bool Any = false;
    for (const Instruction &I : instructions(F)) {
      auto *Return = dyn_cast<ReturnInst>(&I);
      if (!Return)
        continue;
      for (const Value *Source : Sources(Return->getReturnValue()).Found) {
        auto *Call = dyn_cast<CallBase>(Source);
        if (!Call || !givesMemory(*Call) || !asksForWhatItWasAsked(*Call))
          return false;
        Any = true;
      }
    }
    return Any;
  }

  bool givesMemory(const CallBase &Call) {
    if (Allocations.contains(&Call))
      return true;
    const Function *Callee = Call.getCalledFunction();
    return Callee && isWrapper(*Callee);
  }

  /// Of constant size, memory is for something that this function knows.
  static bool asksForWhatItWasAsked(const CallBase &Call) {
    return any_of(Call.args(), [](const Use &Argument) {
      return !isa<Constant>(Argument) && !Argument->getType()->isPointerTy();
    });
  }

  SmallPtrSet<const CallBase *, 16> Allocations;
  DenseMap<const Function *, bool> Verdicts;
};

} // namespace

void memtrack::markWrappers(Module &M, const ClassifiedCalls &Classified) {
  WrapperFinder Finder(Classified);
  SmallVector<Metadata *, 4> Found;
  for (Function &F : M) {
    if (!Finder.isWrapper(F))
      continue;
    F.addFnAttr(FunctionMark);
    if (DISubprogram *Subprogram = F.getSubprogram())
      Found.push_back(Subprogram);
  }
  if (!Found.empty())
    M.getOrInsertNamedMetadata(SubprogramMarks)
        ->addOperand(MDNode::get(M.getContext(), Found));
}

Wrappers::Wrappers(const Module &M) {
  const NamedMDNode *Marks = M.getNamedMetadata(SubprogramMarks);
  if (!Marks)
    return;
  for (const MDNode *Of : Marks->operands())
    for (const MDOperand &Operand : Of->operands())
      if (auto *Subprogram = dyn_cast_or_null<DISubprogram>(Operand.get()))
        Subprograms.insert(Subprogram);
}

bool Wrappers::contains(const Function &F) const {
  return F.hasFnAttribute(FunctionMark) ||
         (F.getSubprogram() && contains(*F.getSubprogram()));
}
