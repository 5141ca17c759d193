//===- PoolHooks.cpp - The runtime's calls around custom allocators -------===//

#include "PoolHooks.h"
#include "LLVMCompat.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;
using namespace memtrack;

/// Of a call that has its hooks, or needs none; of a hook, the name of the
/// pool.
static constexpr char HookMark[] = "memtrack-pool";

/// Of the calls that were written in a function of a pool: its name.
static constexpr char InsideMark[] = "memtrack-in-pool";

static constexpr StringLiteral PositionHook = MT_ENTRY_PREFIX "pool_position";
static constexpr StringLiteral TicksHook = MT_ENTRY_PREFIX "pool_ticks";
static constexpr StringLiteral AllocHook = MT_ENTRY_PREFIX "pool_alloc";
static constexpr StringLiteral ReallocHook = MT_ENTRY_PREFIX "pool_realloc";
static constexpr StringLiteral FreeHook = MT_ENTRY_PREFIX "pool_free";
static constexpr StringLiteral FreeAllHook = MT_ENTRY_PREFIX "pool_free_all";

namespace {

/// Writes the hooks of one call.
class HookWriter {
public:
  HookWriter(CallBase &Annotated, const PoolFunction &Does)
      : Call(Annotated), Pool(Does), M(*Annotated.getModule()),
        Int64(Type::getInt64Ty(M.getContext())),
        Pointer(bytePointerType(M.getContext())),
        Shift(Annotated.arg_size() > 0 &&
              Annotated.paramHasAttr(0, Attribute::StructRet)) {}

  /// Why there can be no hooks; empty if there can.
  StringRef reasonToReject() const {
    if (Call.isMustTailCall())
      return "nothing can follow a musttail call";
    if (isa<CallBrInst>(Call))
      return "it may jump instead of returning";
    if (Pool.Allocates && !Call.getType()->isPointerTy())
      return "it does not return a pointer";
    if (Pool.Frees && !isPointer(Pool.Block))
      return "its block is not a parameter that is a pointer";
    if (Pool.Allocates && Pool.Size && !isInteger(Pool.Size))
      return "its size is not a parameter that is an integer";
    if (Pool.Allocates && Pool.Count && !isInteger(Pool.Count))
      return "its count is not a parameter that is an integer";
    if (Pool.Identity && !isPointer(Pool.Identity) && !isInteger(Pool.Identity))
      return "its pool is not a parameter that is a pointer or an integer";
    return "";
  }

  void write() {
    IRBuilder<> Before(&Call);
    locate(Before);
    if (Pool.FreesAll)
      hook(Before, FreeAllHook, {identity(Before)});
    if (Pool.Frees && !Pool.Allocates)
      hook(Before, FreeHook, {argument(Pool.Block), identity(Before)});
    if (!Pool.Allocates)
      return;

    Value *Size = size(Before), *Identity = identity(Before);
    SmallVector<Value *, 4> Start{measure(Before, PositionHook)};
    if (Pool.Frees)
      Start.append({measure(Before, TicksHook), argument(Pool.Block)});
    IRBuilder<> After(afterCall());
    locate(After);
    SmallVector<Value *, 6> Arguments{After.CreatePointerCast(&Call, Pointer),
                                      Size, Identity};
    Arguments.append(Start);
    hook(After, Pool.Frees ? ReallocHook : AllocHook, Arguments);
  }

private:
  Value *argument(unsigned Position) const {
    unsigned Index = Position - 1 + Shift;
    return Position && Index < Call.arg_size() ? Call.getArgOperand(Index)
                                               : nullptr;
  }
  bool isPointer(unsigned Position) const {
    Value *Argument = argument(Position);
    return Argument && Argument->getType()->isPointerTy() &&
           Argument->getType()->getPointerAddressSpace() == 0;
  }
  bool isInteger(unsigned Position) const {
    Value *Argument = argument(Position);
    return Argument && Argument->getType()->isIntegerTy();
  }

  Value *number(IRBuilder<> &Builder, unsigned Position) const {
    return Builder.CreateZExtOrTrunc(argument(Position), Int64);
  }

  Value *size(IRBuilder<> &Builder) const {
    if (!Pool.Size)
      return ConstantInt::get(Int64, Pool.Bytes);
    Value *Size = number(Builder, Pool.Size);
    // What overflows is refused by the allocator.
    return Pool.Count ? Builder.CreateMul(Size, number(Builder, Pool.Count))
                      : Size;
  }

  Value *identity(IRBuilder<> &Builder) const {
    if (!Pool.Identity)
      return ConstantPointerNull::get(Pointer);
    if (isPointer(Pool.Identity))
      return argument(Pool.Identity);
    return Builder.CreateIntToPtr(number(Builder, Pool.Identity), Pointer);
  }

  /// What the optimiser may know of the hooks. That they keep their hands off
  /// the program's memory is true only as long as no context is kept there.
  Function *declare(StringRef Name, FunctionType *Type) {
    auto *F = dyn_cast<Function>(M.getOrInsertFunction(Name, Type).getCallee());
    if (!F || !F->isDeclaration() || !F->use_empty())
      return F;
    F->setDoesNotThrow();
    F->addFnAttr(Attribute::WillReturn);
    F->setOnlyAccessesInaccessibleMemory();
    return F;
  }

  Value *measure(IRBuilder<> &Builder, StringRef Name) {
    Function *F = declare(Name, FunctionType::get(Int64, false));
    return mark(Builder.CreateCall(F->getFunctionType(), F));
  }

  void hook(IRBuilder<> &Builder, StringRef Name, ArrayRef<Value *> Values) {
    SmallVector<Value *, 6> Arguments;
    SmallVector<Type *, 6> Parameters;
    for (Value *V : Values)
      Arguments.push_back(V->getType()->isPointerTy()
                              ? Builder.CreatePointerCast(V, Pointer)
                              : V);
    Arguments.push_back(ConstantPointerNull::get(Pointer)); // the site, later
    for (Value *V : Arguments)
      Parameters.push_back(V->getType());
    Function *F = declare(
        Name, FunctionType::get(Builder.getVoidTy(), Parameters, false));
    mark(Builder.CreateCall(F->getFunctionType(), F, Arguments))
        ->addFnAttr(Attribute::get(M.getContext(), HookMark, Pool.Pool));
  }

  static CallInst *mark(CallInst *Hook) {
    Hook->addFnAttr(Attribute::NoMerge);
    return Hook;
  }

  void locate(IRBuilder<> &Builder) {
    DISubprogram *Subprogram = Call.getFunction()->getSubprogram();
    if (Call.getDebugLoc())
      Builder.SetCurrentDebugLocation(Call.getDebugLoc());
    else if (Subprogram)
      Builder.SetCurrentDebugLocation(
          DILocation::get(M.getContext(), 0, 0, Subprogram));
  }

  /// Where the call has returned, and has not done so by an exception.
  Instruction *afterCall() {
    auto *Invoke = dyn_cast<InvokeInst>(&Call);
    if (!Invoke)
      return Call.getNextNode();
    BasicBlock *Normal = Invoke->getNormalDest();
    if (Normal->getSinglePredecessor())
      return &*Normal->getFirstInsertionPt();
    auto *Between = BasicBlock::Create(M.getContext(), "memtrack.pool",
                                       Call.getFunction(), Normal);
    BranchInst *Jump = BranchInst::Create(Normal, Between);
    Jump->setDebugLoc(Call.getDebugLoc());
    Normal->replacePhiUsesWith(Invoke->getParent(), Between);
    Invoke->setNormalDest(Between);
    return Jump;
  }

  CallBase &Call;
  const PoolFunction &Pool;
  Module &M;
  IntegerType *Int64;
  PointerType *Pointer;
  unsigned Shift;
};

} // namespace

/// What functions of a pool do among themselves is how it works inside; but one
/// that ends a pool may end others with it.
static bool isInternal(const Function &Caller, const PoolFunction &Callee,
                       const PoolFunctions &Pools) {
  const PoolFunction *Own = Pools.find(Caller);
  return Own && Own->Pool == Callee.Pool && !Callee.FreesAll;
}

static std::string nameOf(const CallBase &Call, const PoolFunction &Pool) {
  const Value *Callee = Call.getCalledOperand()->stripPointerCasts();
  return Callee->hasName()
             ? GlobalValue::dropLLVMManglingEscape(Callee->getName()).str()
             : "a function of pool " + Pool.Pool;
}

bool memtrack::insertPoolHooks(Function &F, const PoolFunctions &Pools,
                               bool Optimized,
                               std::vector<RejectedCall> &Rejected) {
  SmallVector<std::pair<CallBase *, const PoolFunction *>, 8> Found;
  for (Instruction &I : instructions(F)) {
    auto *Call = dyn_cast<CallBase>(&I);
    if (!Call || Call->hasFnAttr(HookMark))
      continue;
    const PoolFunction *Pool = Pools.find(*Call);
    if (!Pool)
      continue;
    if (isInternal(F, *Pool, Pools)) {
      // It stays so when it is inlined elsewhere.
      Call->addFnAttr(Attribute::get(F.getContext(), HookMark));
      continue;
    }
    auto *Callee =
        dyn_cast<Function>(Call->getCalledOperand()->stripPointerCasts());
    if (!Optimized || !Callee || !Callee->hasLocalLinkage())
      Found.push_back({Call, Pool});
  }
  bool Changed = false;
  for (auto &Entry : Found) {
    HookWriter Writer(*Entry.first, *Entry.second);
    StringRef Reason = Writer.reasonToReject();
    if (!Reason.empty()) {
      Rejected.push_back(
          {Entry.first, nameOf(*Entry.first, *Entry.second), Reason});
      continue;
    }
    Writer.write();
    Entry.first->addFnAttr(Attribute::get(F.getContext(), HookMark));
    Entry.first->addFnAttr(Attribute::NoMerge);
    Changed = true;
  }
  return Changed;
}

void memtrack::markCallsInPool(Function &F, StringRef Pool) {
  Attribute Mark = Attribute::get(F.getContext(), InsideMark, Pool);
  for (Instruction &I : instructions(F)) {
    auto *Call = dyn_cast<CallBase>(&I);
    if (Call && !isa<IntrinsicInst>(Call))
      Call->addFnAttr(Mark);
  }
}

StringRef memtrack::poolAround(const CallBase &Call) {
  return Call.getAttributes().getFnAttr(InsideMark).getValueAsString();
}

bool memtrack::isPoolHook(const CallBase &Call) {
  const Function *Callee = Call.getCalledFunction();
  if (!Callee)
    return false;
  StringRef Name = Callee->getName();
  return Name == AllocHook || Name == ReallocHook || Name == FreeHook ||
         Name == FreeAllHook;
}

StringRef memtrack::poolOfHook(const CallBase &Hook) {
  return Hook.getAttributes().getFnAttr(HookMark).getValueAsString();
}

void memtrack::findPoolHooks(Function &F, SmallVectorImpl<CallInst *> &Hooks) {
  for (Instruction &I : instructions(F)) {
    auto *Call = dyn_cast<CallInst>(&I);
    if (Call && isPoolHook(*Call) && Call->arg_size() > 1 &&
        isa<ConstantPointerNull>(Call->getArgOperand(Call->arg_size() - 1)))
      Hooks.push_back(Call);
  }
}

void memtrack::setSite(CallInst &Hook, Constant *Site) {
  Hook.setArgOperand(Hook.arg_size() - 1, Site);
  Hook.getCalledFunction()->removeFnAttrs(memoryEffectAttributes());
}
