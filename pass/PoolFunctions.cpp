//===- PoolFunctions.cpp - Which functions are custom allocators ----------===//

#include "PoolFunctions.h"
#include "AllocationCalls.h"
#include "LLVMCompat.h"
#include "PoolMark.h"
#include "Wrappers.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"
#include <cstdlib>

using namespace llvm;
using namespace memtrack;

static constexpr char AssumeAttribute[] = "llvm.assume";
static constexpr char MarkPrefix[] = "memtrack ";
static constexpr char SubprogramMarks[] = "memtrack.pools";

PoolFunction &PoolFunctions::of(const Function &F) {
  std::unique_ptr<PoolFunction> &Slot = Functions[&F];
  if (!Slot)
    Slot = std::make_unique<PoolFunction>();
  return *Slot;
}

/// \p Text is that of a macro, without the prefix.
void PoolFunctions::readMark(StringRef Text, PoolFunction &Into) {
  std::string Error = parsePoolMark(Text, Into, nullptr);
  if (!Error.empty() && Warn)
    warn("the mark \"" + Text +
         "\" of memtrack/allocators.h is ignored: " + Error);
}

/// Clang makes one attribute of all assumptions, separated by commas.
void PoolFunctions::readAttributes(StringRef Text, PoolFunction &Into) {
  while (!Text.empty()) {
    size_t Next = Text.find((Twine(",") + MarkPrefix).str());
    StringRef One = Text.take_front(Next);
    if (startsWith(One, MarkPrefix))
      readMark(One.drop_front(sizeof(MarkPrefix) - 1), Into);
    Text = Text.drop_front(Next == StringRef::npos ? Text.size() : Next + 1);
  }
}

void PoolFunctions::readAnnotations(Module &M) {
  auto *List = M.getNamedGlobal("llvm.global.annotations");
  auto *Entries = List && List->hasInitializer()
                      ? dyn_cast<ConstantArray>(List->getInitializer())
                      : nullptr;
  if (!Entries)
    return;
  for (const Use &Operand : Entries->operands()) {
    auto *Entry = dyn_cast<ConstantStruct>(Operand);
    if (!Entry || Entry->getNumOperands() < 2)
      continue;
    auto *F = dyn_cast<Function>(Entry->getOperand(0)->stripPointerCasts());
    auto *String =
        dyn_cast<GlobalVariable>(Entry->getOperand(1)->stripPointerCasts());
    auto *Data =
        String && String->hasInitializer()
            ? dyn_cast<ConstantDataSequential>(String->getInitializer())
            : nullptr;
    if (F && Data && Data->isCString() &&
        startsWith(Data->getAsCString(), MarkPrefix))
      readMark(Data->getAsCString().drop_front(sizeof(MarkPrefix) - 1), of(*F));
  }
}

/// `Arena::alloc` for any of its overloads; empty for what is not C++.
static std::string qualifiedName(const Function &F) {
  ItaniumPartialDemangler Demangler;
  std::string Mangled = GlobalValue::dropLLVMManglingEscape(F.getName()).str();
  if (Demangler.partialDemangle(Mangled.c_str()) || !Demangler.isFunction())
    return "";
  std::string Result;
  auto Add = [&](char *Text) {
    if (Text && *Text)
      Result += (Result.empty() ? "" : "::") + std::string(Text);
    std::free(Text);
  };
  Add(Demangler.getFunctionDeclContextName(nullptr, nullptr));
  Add(Demangler.getFunctionBaseName(nullptr, nullptr));
  return Result;
}

void PoolFunctions::readListLine(StringRef Line, const Twine &Place,
                                 StringMap<PoolFunction> &Listed) {
  Line = Line.split('#').first.trim();
  if (Line.empty())
    return;
  StringRef Name;
  PoolFunction New;
  std::string Error = parsePoolMark(Line, New, &Name);
  if (Error.empty()) {
    // Several lines may say what one function does.
    parsePoolMark(Line, Listed[Name], &Name);
  } else if (Warn) {
    warn(Place + ": the line is ignored: " + Error +
         "; see docs/custom-allocators.md");
  }
}

void PoolFunctions::readLists(Module &M, const PassConfig &Config) {
  StringMap<PoolFunction> Listed;
  for (const PassConfig::AllocatorList &List : Config.Allocators) {
    unsigned Number = 0;
    for (StringRef Rest = List.Text; !Rest.empty();) {
      auto Parts = Rest.split('\n');
      readListLine(Parts.first, List.File + ":" + Twine(++Number), Listed);
      Rest = Parts.second;
    }
  }
  if (Listed.empty())
    return;
  for (const Function &F : M) {
    if (F.isIntrinsic())
      continue;
    auto Found = Listed.find(GlobalValue::dropLLVMManglingEscape(F.getName()));
    if (Found == Listed.end() && F.getName().contains("_Z"))
      Found = Listed.find(qualifiedName(F));
    if (Found != Listed.end())
      of(F) = Found->second;
  }
}

/// Functions with the attribute alloc_size that nothing else tells of. What is
/// a wrapper by the look of its body adds nothing to the allocator it calls.
/// The attribute malloc alone is not enough: fopen, opendir and iconv_open have
/// it, and it does not tell a size.
void PoolFunctions::findBySize(Module &M) {
  Wrappers Known(M);
  for (const Function &F : M) {
    Attribute AllocSize = F.getFnAttribute(Attribute::AllocSize);
    if (!AllocSize.isValid() || F.isIntrinsic() || Functions.count(&F) ||
        startsWith(F.getName(), MT_ENTRY_PREFIX) ||
        isAllocationFunction(F.getName()) ||
        !F.getReturnType()->isPointerTy() || Known.contains(F))
      continue;
    auto Positions = AllocSize.getAllocSizeArgs();
    PoolFunction &New = of(F);
    New.Pool = GlobalValue::dropLLVMManglingEscape(F.getName()).str();
    New.Allocates = true;
    New.Size = Positions.first + 1;
    if (Positions.second)
      New.Count = *Positions.second + 1;
  }
}

void PoolFunctions::readSubprograms(const Module &M) {
  for (const auto &Entry : Functions)
    if (const DISubprogram *Subprogram = Entry.first->getSubprogram())
      if (Entry.second->acts())
        Subprograms[Subprogram] = Entry.second->Pool;
  const NamedMDNode *Marks = M.getNamedMetadata(SubprogramMarks);
  if (!Marks)
    return;
  for (const MDNode *Mark : Marks->operands()) {
    if (Mark->getNumOperands() != 2)
      continue;
    auto *Subprogram = dyn_cast_or_null<DISubprogram>(Mark->getOperand(0));
    auto *Pool = dyn_cast_or_null<MDString>(Mark->getOperand(1));
    if (Subprogram && Pool)
      Subprograms[Subprogram] = Pool->getString();
  }
}

void PoolFunctions::mark(Module &M) const {
  for (const Function &F : M)
    if (const PoolFunction *Known = find(F))
      if (DISubprogram *Subprogram = F.getSubprogram())
        M.getOrInsertNamedMetadata(SubprogramMarks)
            ->addOperand(MDNode::get(
                M.getContext(),
                {Subprogram, MDString::get(M.getContext(), Known->Pool)}));
}

PoolFunctions::PoolFunctions(Module &M, const PassConfig &Config, bool Warns)
    : Warn(Warns) {
  for (const Function &F : M) {
    StringRef Text = F.getFnAttribute(AssumeAttribute).getValueAsString();
    if (Text.contains(MarkPrefix))
      readAttributes(Text, of(F));
    for (const Instruction &I : instructions(F)) {
      auto *Call = dyn_cast<CallBase>(&I);
      if (!Call || Call->getCalledFunction())
        continue;
      StringRef OfCall =
          Call->getAttributes().getFnAttr(AssumeAttribute).getValueAsString();
      if (OfCall.contains(MarkPrefix) && !CallMarks.count(OfCall))
        readAttributes(OfCall, CallMarks[OfCall]);
    }
  }
  readAnnotations(M);
  readLists(M, Config);
  findBySize(M);
  readSubprograms(M);
}

const PoolFunction *PoolFunctions::find(const CallBase &Call) const {
  const Value *Callee = Call.getCalledOperand()->stripPointerCasts();
  if (auto *Alias = dyn_cast<GlobalAlias>(Callee))
    Callee = Alias->getAliaseeObject();
  if (auto *F = dyn_cast<Function>(Callee))
    return find(*F);
  if (CallMarks.empty())
    return nullptr;
  auto Found = CallMarks.find(
      Call.getAttributes().getFnAttr(AssumeAttribute).getValueAsString());
  return Found != CallMarks.end() && Found->second.acts() ? &Found->second
                                                          : nullptr;
}
