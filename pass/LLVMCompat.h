//===- LLVMCompat.h - Differences between LLVM 14 and 19 --------*- C++ -*-===//
//
// Every place where the supported versions of LLVM differ, so that the rest of
// the pass reads the same for all of them.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_LLVMCOMPAT_H
#define MEMTRACK_PASS_LLVMCOMPAT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/Attributes.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/LLVMContext.h"
#if LLVM_VERSION_MAJOR >= 17
#include "llvm/IR/AttributeMask.h"
#include "llvm/TargetParser/Triple.h"
#else
#include "llvm/ADT/Triple.h"
#endif

namespace memtrack {

/// `i8 *` where pointers have types, `ptr` where they have none.
inline llvm::PointerType *bytePointerType(llvm::LLVMContext &Context) {
  return llvm::PointerType::get(llvm::Type::getInt8Ty(Context), 0);
}

inline bool startsWith(llvm::StringRef String, llvm::StringRef Prefix) {
#if LLVM_VERSION_MAJOR >= 16
  return String.starts_with(Prefix);
#else
  return String.startswith(Prefix);
#endif
}

/// The function attributes that say which memory a function touches.
inline llvm::AttributeMask memoryEffectAttributes() {
  llvm::AttributeMask Mask;
#if LLVM_VERSION_MAJOR >= 16
  Mask.addAttribute(llvm::Attribute::Memory);
#else
  Mask.addAttribute(llvm::Attribute::ArgMemOnly);
  Mask.addAttribute(llvm::Attribute::InaccessibleMemOnly);
  Mask.addAttribute(llvm::Attribute::InaccessibleMemOrArgMemOnly);
  Mask.addAttribute(llvm::Attribute::ReadNone);
  Mask.addAttribute(llvm::Attribute::ReadOnly);
  Mask.addAttribute(llvm::Attribute::WriteOnly);
#endif
  return Mask;
}

/// The function attributes by which LLVM 15 and later know an allocator.
inline llvm::AttributeMask allocatorFunctionAttributes() {
  llvm::AttributeMask Mask;
#if LLVM_VERSION_MAJOR >= 15
  Mask.addAttribute(llvm::Attribute::AllocKind);
#endif
  Mask.addAttribute("alloc-family");
  return Mask;
}

/// The parameter attributes by which LLVM 15 and later know an allocator.
inline llvm::AttributeMask allocatorParameterAttributes() {
  llvm::AttributeMask Mask;
#if LLVM_VERSION_MAJOR >= 15
  Mask.addAttribute(llvm::Attribute::AllocatedPointer);
  Mask.addAttribute(llvm::Attribute::AllocAlign);
#else
  // An empty mask is not allowed everywhere; no parameter has this one.
  Mask.addAttribute("alloc-family");
#endif
  return Mask;
}

} // namespace memtrack

#endif
