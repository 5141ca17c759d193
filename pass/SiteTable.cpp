//===- SiteTable.cpp - Call-site descriptors ------------------------------===//

#include "SiteTable.h"
#include "AllocatedType.h"
#include "LLVMCompat.h"
#include "PoolHooks.h"
#include "llvm/IR/Constants.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;
using namespace memtrack;

/// A member of an element of one of the arrays.
struct SiteTable::Field {
  GlobalVariable *Array;
  size_t Index;
  unsigned Member;
};

SiteTable::SiteTable(Module &Mod, const PoolFunctions &CustomAllocators)
    : M(Mod), Pools(CustomAllocators), Cells(Mod), AllocatorWrappers(Mod),
      Int8(Type::getInt8Ty(Mod.getContext())),
      Int16(Type::getInt16Ty(Mod.getContext())),
      Int32(Type::getInt32Ty(Mod.getContext())),
      Int64(Type::getInt64Ty(Mod.getContext())),
      FrameType(StructType::get(Int32, Int32, Int32, Int16, Int16)),
      SiteType(StructType::get(Int64, Int32, Int32, Int32, Int16, Int8, Int8,
                               Int32, Int32)) {
  assert(M.getDataLayout().getTypeAllocSize(FrameType) ==
             sizeof(memtrack_frame) &&
         M.getDataLayout().getTypeAllocSize(SiteType) == sizeof(memtrack_site));
}

/// The path as the compiler was given it. Clang splits an absolute path into a
/// directory and a name; a name that is relative to the compiler's working
/// directory was given like that.
static std::string pathOf(const DILocation &Location) {
  const DIFile *File = Location.getFile();
  StringRef Name = File->getFilename(), Directory = File->getDirectory();
  const DISubprogram *Function = Location.getScope()->getSubprogram();
  const DICompileUnit *Unit = Function->getUnit();
  if (Name.empty() || Directory.empty() || sys::path::is_absolute(Name) ||
      (Unit && Unit->getDirectory() == Directory))
    return Name.str();
  SmallString<128> Path(Directory);
  sys::path::append(Path, Name);
  return std::string(Path);
}

static StringRef nameOf(const DISubprogram &Function) {
  StringRef Linkage = Function.getLinkageName();
  return GlobalValue::dropLLVMManglingEscape(
      Linkage.empty() ? Function.getName() : Linkage);
}

/// Hashes a sequence of fields, so that no two sequences look alike.
class memtrack::StableHash {
public:
  StableHash &add(StringRef Text) {
    Bytes += Text;
    Bytes += '\0';
    return *this;
  }
  StableHash &add(uint64_t Number) { return add(std::to_string(Number)); }
  uint64_t get() const { return xxHash64(Bytes); }

private:
  std::string Bytes;
};

/// Only the names of files go into the hash, not their directories: the same
/// source built elsewhere has the same sites.
void SiteTable::addFrames(Site &S, const CallBase &Call, unsigned Ordinal,
                          StableHash &Hash) {
  const Function &F = *Call.getFunction();
  StringRef OwnName = GlobalValue::dropLLVMManglingEscape(F.getName());
  bool IsWrapper = AllocatorWrappers.contains(F);
  auto IsIn = [&](StringRef Pool) {
    if (S.Pool.empty())
      S.Pool = Pool.str();
  };
  IsIn(poolAround(Call));
  for (const DILocation *Location = Call.getDebugLoc().get(); Location;
       Location = Location->getInlinedAt()) {
    // The outermost frame's own name tells a coroutine's parts apart.
    const DISubprogram &Subprogram = *Location->getScope()->getSubprogram();
    bool Inlined = Location->getInlinedAt();
    Frame New{Inlined ? nameOf(Subprogram) : OwnName, pathOf(*Location),
              Location->getLine(), Location->getColumn(), 0};
    if (Inlined ? AllocatorWrappers.contains(Subprogram) : IsWrapper)
      New.Flags |= MT_FRAME_WRAPPER;
    IsIn(Pools.poolOf(Subprogram));
    Hash.add(New.Function)
        .add(sys::path::filename(New.File))
        .add(New.Line)
        .add(New.Column);
    S.Frames.push_back(std::move(New));
  }
  if (S.Frames.empty()) {
    S.Frames.push_back(
        {OwnName, "", 0, 0, IsWrapper ? unsigned(MT_FRAME_WRAPPER) : 0});
    S.Flags |= MT_SITE_NO_DEBUG_INFO;
    Hash.add(OwnName).add(
        F.hasLocalLinkage() ? sys::path::filename(M.getSourceFileName()) : "");
    Hash.add(Ordinal);
  }
  if (const PoolFunction *Own = Pools.find(F))
    IsIn(Own->Pool);
  if (!S.Pool.empty())
    Hash.add(S.Pool);
}

SiteTable::Site SiteTable::siteOf(const AllocationCall &Allocation,
                                  unsigned Ordinal) {
  Site Result{0,
              {},
              Cells.get(Allocation),
              allocatedType(*Allocation.Call),
              "",
              Allocation.Function->API,
              0};
  StableHash Hash;
  Hash.add(Result.API).add(Allocation.Function->Symbol);
  addFrames(Result, *Allocation.Call, Ordinal, Hash);
  Result.Hash = Hash.add(Result.Type).get();
  return Result;
}

SiteTable::Site SiteTable::siteOf(const CallBase &Call, unsigned Ordinal) {
  Site Result{0, {}, nullptr, "", "", MT_API_UNKNOWN, MT_SITE_CALL};
  if (isPoolHook(Call))
    Result.Pool = poolOfHook(Call).str();
  else if (const PoolFunction *Callee = Pools.find(Call))
    Result.Pool = Callee->Pool;
  StableHash Hash;
  Hash.add("call");
  addFrames(Result, Call, Ordinal, Hash);
  Result.Hash = Hash.get();
  return Result;
}

GlobalVariable *SiteTable::createArray(StructType *Element, size_t Count,
                                       StringRef Name, StringRef Section,
                                       unsigned Align) {
  auto *Array = new GlobalVariable(M, ArrayType::get(Element, Count), true,
                                   GlobalValue::PrivateLinkage, nullptr, Name);
  Array->setSection(Section);
  Array->setAlignment(llvm::Align(Align));
  return Array;
}

Constant *SiteTable::selfRelative(Constant *Target, const Field &From) {
  Constant *Indices[] = {ConstantInt::get(Int64, 0),
                         ConstantInt::get(Int64, From.Index),
                         ConstantInt::get(Int32, From.Member)};
  Constant *Address = ConstantExpr::getInBoundsGetElementPtr(
      From.Array->getValueType(), From.Array, Indices);
  return ConstantExpr::getTrunc(
      ConstantExpr::getSub(ConstantExpr::getPtrToInt(Target, Int64),
                           ConstantExpr::getPtrToInt(Address, Int64)),
      Int32);
}

/// Mergeable, so that the linker keeps one copy of each in an object.
Constant *SiteTable::string(StringRef Text) {
  GlobalVariable *&String = Strings[Text];
  if (!String) {
    Constant *Bytes = ConstantDataArray::getString(M.getContext(), Text);
    String = new GlobalVariable(M, Bytes->getType(), true,
                                GlobalValue::PrivateLinkage, Bytes,
                                MT_ENTRY_PREFIX "string");
    String->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    String->setAlignment(Align(1));
  }
  return String;
}

void SiteTable::emit(ArrayRef<Site> Sites, GlobalVariable *SiteArray) {
  size_t FrameCount = 0;
  for (const Site &S : Sites)
    FrameCount += S.Frames.size();
  GlobalVariable *FrameArray =
      createArray(FrameType, FrameCount, MT_ENTRY_PREFIX "frames",
                  MT_FRAME_SECTION, sizeof(memtrack_frame));

  auto Text = [&](StringRef String, const Field &From) -> Constant * {
    return String.empty() ? ConstantInt::get(Int32, 0)
                          : selfRelative(string(String), From);
  };
  std::vector<Constant *> SiteValues, FrameValues;
  for (const Site &S : Sites) {
    size_t SiteIndex = SiteValues.size(), FirstFrame = FrameValues.size();
    for (const Frame &Fr : S.Frames) {
      size_t Index = FrameValues.size();
      FrameValues.push_back(ConstantStruct::get(
          FrameType,
          {Text(Fr.Function, {FrameArray, Index, 0}),
           Text(Fr.File, {FrameArray, Index, 1}),
           ConstantInt::get(Int32, Fr.Line), ConstantInt::get(Int16, Fr.Column),
           ConstantInt::get(Int16, Fr.Flags)}));
    }
    Constant *Indices[] = {ConstantInt::get(Int64, 0),
                           ConstantInt::get(Int64, FirstFrame)};
    Constant *Frames = ConstantExpr::getInBoundsGetElementPtr(
        FrameArray->getValueType(), FrameArray, Indices);
    SiteValues.push_back(ConstantStruct::get(
        SiteType,
        {ConstantInt::get(Int64, S.Hash),
         selfRelative(Frames, {SiteArray, SiteIndex, 1}),
         S.Callee ? selfRelative(S.Callee, {SiteArray, SiteIndex, 2})
                  : ConstantInt::get(Int32, 0),
         Text(S.Type, {SiteArray, SiteIndex, 3}),
         ConstantInt::get(Int16, S.Frames.size()),
         ConstantInt::get(Int8, S.API), ConstantInt::get(Int8, S.Flags),
         Text(S.Pool, {SiteArray, SiteIndex, 7}), ConstantInt::get(Int32, 0)}));
  }
  FrameArray->setInitializer(ConstantArray::get(
      cast<ArrayType>(FrameArray->getValueType()), FrameValues));
  SiteArray->setInitializer(ConstantArray::get(
      cast<ArrayType>(SiteArray->getValueType()), SiteValues));
}

Constant *SiteTable::FunctionSites::address(unsigned Index) const {
  Type *Word = Type::getInt64Ty(Variable->getContext());
  Constant *Indices[] = {ConstantInt::get(Word, 0),
                         ConstantInt::get(Word, Index)};
  return ConstantExpr::getPointerCast(
      ConstantExpr::getInBoundsGetElementPtr(Variable->getValueType(), Variable,
                                             Indices),
      bytePointerType(Variable->getContext()));
}

SiteTable::FunctionSites SiteTable::describe(const FunctionCalls &Function,
                                             ArrayRef<CallBase *> Calls) {
  FunctionSites Result{};
  std::vector<Site> All;
  DenseMap<uint64_t, unsigned> IndexOfHash;
  auto Add = [&](Site S) {
    auto Known = IndexOfHash.try_emplace(S.Hash, All.size());
    if (Known.second)
      All.push_back(std::move(S));
    return Known.first->second;
  };
  for (const CallBase *Call : Calls)
    Result.OfCalls.push_back(Add(siteOf(*Call, Result.OfCalls.size())));
  Result.CallSites = All.size();
  for (const AllocationCall &Allocation : Function.Calls)
    Result.OfAllocations.push_back(
        Add(siteOf(Allocation, Result.OfAllocations.size())));

  // The call that a hook belongs to may be the same site.
  for (const CallBase *Hook : Function.Hooks)
    Result.OfHooks.push_back(
        Add(siteOf(*Hook, Calls.size() + Result.OfHooks.size())));

  Result.Variable = createArray(SiteType, All.size(), MT_ENTRY_PREFIX "sites",
                                MT_SITE_SECTION, sizeof(memtrack_site));
  emit(All, Result.Variable);
  return Result;
}
