//===- AllocatedType.cpp - What a call allocates memory for ---------------===//

#include "AllocatedType.h"
#include "LLVMCompat.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/IR/DebugInfoMetadata.h"

using namespace llvm;
using namespace memtrack;

/// `a::b::` for a name in namespace b in a; inline and anonymous ones are
/// shown like any other.
static std::string scopePrefix(const DIScope *Scope) {
  if (!Scope || !(isa<DINamespace>(Scope) || isa<DICompositeType>(Scope)))
    return "";
  StringRef Name = Scope->getName();
  return scopePrefix(Scope->getScope()) +
         (Name.empty() ? "(anonymous)" : Name.str()) + "::";
}

static std::string typeName(const DIType *Type);

/// \p Name, or "" if there is nothing that it would be added to.
static std::string withSuffix(std::string Name, StringRef Suffix) {
  return Name.empty() ? Name : Name + Suffix.str();
}

static std::string derivedTypeName(const DIDerivedType &Type) {
  std::string Base = typeName(Type.getBaseType());
  switch (Type.getTag()) {
  case dwarf::DW_TAG_pointer_type:
    return withSuffix(Base, " *");
  case dwarf::DW_TAG_reference_type:
    return withSuffix(Base, " &");
  case dwarf::DW_TAG_rvalue_reference_type:
    return withSuffix(Base, " &&");
  case dwarf::DW_TAG_typedef:
    // C's `typedef struct { ... } name;` has no other name.
    return Base.empty() ? scopePrefix(Type.getScope()) + Type.getName().str()
                        : Base;
  default:
    // Qualifiers: memory has none.
    return Base;
  }
}

/// Built from what a definition shares with a forward declaration, so that a
/// type has one name in all modules.
static std::string typeName(const DIType *Type) {
  if (!Type)
    return "void";
  if (auto *Derived = dyn_cast<DIDerivedType>(Type))
    return derivedTypeName(*Derived);
  if (auto *Composite = dyn_cast<DICompositeType>(Type)) {
    if (Composite->getTag() == dwarf::DW_TAG_array_type)
      return withSuffix(typeName(Composite->getBaseType()), "[]");
    StringRef Name = Composite->getName();
    return Name.empty() ? "" : scopePrefix(Composite->getScope()) + Name.str();
  }
  if (isa<DISubroutineType>(Type))
    return "function";
  return Type->getName().str();
}

/// T, if \p Class is a standard library's `allocator<T>`.
static std::string allocatorArgument(const DICompositeType &Class) {
  StringRef Name = Class.getName();
  size_t Open = Name.find('<');
  StringRef Template = Name.take_front(Open);
  if (Template != "allocator" && Template != "new_allocator" &&
      Template != "__new_allocator")
    return "";
  for (const DINode *Element : Class.getTemplateParams())
    if (auto *Parameter = dyn_cast_or_null<DITemplateTypeParameter>(Element)) {
      std::string Argument = typeName(Parameter->getType());
      if (!Argument.empty())
        return Argument;
    }
  // A forward declaration has its argument in its name only, and a class that
  // is named by a typedef has a name only where it is an argument.
  if (Open == StringRef::npos || !Name.consume_back(">"))
    return "";
  return Name.drop_front(Open + 1).trim().str();
}

std::string memtrack::allocatedType(const CallBase &Call) {
  // The compiler marks `new T`; with an empty node where it does not know.
  if (auto *Type = dyn_cast_or_null<DIType>(Call.getMetadata("heapallocsite")))
    return typeName(Type);

  for (const DILocation *Location = Call.getDebugLoc().get(); Location;
       Location = Location->getInlinedAt()) {
    const DISubprogram *Function = Location->getScope()->getSubprogram();
    if (auto *Class = dyn_cast_or_null<DICompositeType>(Function->getScope())) {
      std::string Argument = allocatorArgument(*Class);
      if (!Argument.empty())
        return Argument;
    }
  }
  return "";
}
