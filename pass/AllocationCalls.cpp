//===- AllocationCalls.cpp - Which calls are allocations ------------------===//

#include "AllocationCalls.h"
#include "LLVMCompat.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"

using namespace llvm;
using namespace memtrack;

static const AllocationFunction AllocationFunctions[] = {
#define MT_FUNCTION(symbol, entry, api, shape)                                 \
  {symbol, MT_ENTRY_PREFIX #entry, MT_API_##api, shape},
#include "memtrack/entry_points.def"
};

bool memtrack::isAllocationFunction(StringRef Name) {
  return any_of(AllocationFunctions, [&](const AllocationFunction &Function) {
    return Function.Symbol == Name;
  });
}

static Type *shapeType(char Letter, const Module &M) {
  LLVMContext &Context = M.getContext();
  switch (Letter) {
  case 'V':
    return Type::getVoidTy(Context);
  case 'I':
    return Type::getInt32Ty(Context);
  case 'Z':
    return M.getDataLayout().getIntPtrType(Context);
  default:
    return bytePointerType(Context);
  }
}

FunctionType *AllocationFunction::type(const Module &M) const {
  SmallVector<Type *, 4> Parameters;
  for (char Letter : Shape.drop_front())
    Parameters.push_back(shapeType(Letter, M));
  return FunctionType::get(shapeType(Shape.front(), M), Parameters, false);
}

/// Pointers to different types are the same to an allocator.
static bool isInterchangeable(const Type *A, const Type *B) {
  if (A->isPointerTy() && B->isPointerTy())
    return A->getPointerAddressSpace() == B->getPointerAddressSpace();
  return A == B;
}

bool AllocationFunction::hasShapeOf(const FunctionType *Type,
                                    const Module &M) const {
  const FunctionType *Expected = type(M);
  if (Type->getNumParams() != Expected->getNumParams() ||
      !isInterchangeable(Type->getReturnType(), Expected->getReturnType()))
    return false;
  for (unsigned I = 0; I < Type->getNumParams(); ++I)
    if (!isInterchangeable(Type->getParamType(I), Expected->getParamType(I)))
      return false;
  return true;
}

/// Compares what the call really passes, not its function type: a call through
/// a K&R declaration has a variadic one, but is as good as any other when its
/// arguments have the right types.
static bool passesShapeOf(const CallBase &Call,
                          const AllocationFunction &Function) {
  SmallVector<Type *, 4> Arguments;
  for (const Use &Argument : Call.args())
    Arguments.push_back(Argument->getType());
  return Function.hasShapeOf(
      FunctionType::get(Call.getType(), Arguments, false), *Call.getModule());
}

/// The site's layout and the 32-bit distances in it are made for these.
static bool isSupportedTarget(const Module &M) {
  Triple Target(M.getTargetTriple());
  auto Model = M.getCodeModel();
  return Target.isOSBinFormatELF() &&
         (Target.getArch() == Triple::x86_64 ||
          Target.getArch() == Triple::aarch64) &&
         M.getDataLayout().getPointerSizeInBits() == 64 &&
         !(Model && *Model == CodeModel::Large);
}

/// Why \p Call has to stay as it is; empty if it can be rewritten.
static StringRef reasonToReject(const CallBase &Call,
                                const AllocationFunction &Function,
                                const GlobalValue &Callee, bool Supported) {
  if (!Supported)
    return "the target or code model is not supported";
  if (Call.isMustTailCall())
    return "a musttail call cannot take another argument";
  if (Callee.hasExternalWeakLinkage())
    return "the function is weak and may be missing";
  if (Call.getCallingConv() != CallingConv::C)
    return "its calling convention is not that of C";
  if (!passesShapeOf(Call, Function))
    return "its arguments or result differ from the function's prototype";
  return "";
}

namespace {

/// The allocation functions as one module knows them.
class AllocationSymbols {
public:
  explicit AllocationSymbols(Module &M) {
    for (const AllocationFunction &Function : AllocationFunctions) {
      GlobalValue *Symbol = M.getNamedValue(Function.Symbol);
      // A static function of that name is the program's own business.
      if (!Symbol || Symbol->hasLocalLinkage())
        continue;
      Known[Symbol] = &Function;
      if (auto *Alias = dyn_cast<GlobalAlias>(Symbol))
        Definitions.insert(Alias->getAliaseeObject());
      else
        Definitions.insert(Symbol);
    }
  }

  bool empty() const { return Known.empty(); }

  const AllocationFunction *find(const GlobalValue *Callee) const {
    return Known.lookup(Callee);
  }

  bool isDefinition(const Function &F) const {
    return Definitions.contains(&F);
  }

private:
  DenseMap<const GlobalValue *, const AllocationFunction *> Known;
  DenseSet<const GlobalValue *> Definitions;
};

} // namespace

/// \p Resolvers run while the object is being relocated, when no other object
/// can be called yet.
static bool isInstrumentable(const Function &F,
                             const DenseSet<const Function *> &Resolvers) {
  return !F.isDeclaration() && !F.hasAvailableExternallyLinkage() &&
         !F.hasFnAttribute(Attribute::Naked) &&
         !F.hasFnAttribute(Attribute::DisableSanitizerInstrumentation) &&
         !startsWith(F.getName(), MT_ENTRY_PREFIX) && !Resolvers.contains(&F);
}

ClassifiedCalls memtrack::classifyAllocationCalls(Module &M) {
  ClassifiedCalls Result;
  AllocationSymbols Symbols(M);
  DenseSet<const Function *> Resolvers;
  for (const GlobalIFunc &IFunc : M.ifuncs())
    Resolvers.insert(IFunc.getResolverFunction());
  bool Supported = isSupportedTarget(M);

  for (Function &F : M) {
    if (!isInstrumentable(F, Resolvers))
      continue;
    // In a program's own operator new, the call that led there is the event;
    // the malloc that serves it would be a second one for the same memory.
    if (Symbols.isDefinition(F)) {
      if (Supported)
        Result.OwnAllocators.push_back(&F);
      continue;
    }
    FunctionCalls Found{&F, {}, {}};
    for (Instruction &I : instructions(F)) {
      auto *Call = Symbols.empty() ? nullptr : dyn_cast<CallBase>(&I);
      if (!Call)
        continue;
      auto *Callee =
          dyn_cast<GlobalValue>(Call->getCalledOperand()->stripPointerCasts());
      const AllocationFunction *Function =
          Callee ? Symbols.find(Callee) : nullptr;
      if (!Function)
        continue;
      StringRef Reason = reasonToReject(*Call, *Function, *Callee, Supported);
      if (Reason.empty())
        Found.Calls.push_back({Call, Function, Callee});
      else
        Result.Rejected.push_back({Call, Function->Symbol.str(), Reason});
    }
    if (Supported)
      Result.Functions.push_back(std::move(Found));
  }
  return Result;
}
