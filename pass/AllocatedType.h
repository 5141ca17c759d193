//===- AllocatedType.h - What a call allocates memory for -------*- C++ -*-===//

#ifndef MEMTRACK_PASS_ALLOCATEDTYPE_H
#define MEMTRACK_PASS_ALLOCATEDTYPE_H

#include "llvm/IR/InstrTypes.h"
#include <string>

namespace memtrack {

/// The type of the objects \p Call allocates or frees, as a programmer would
/// write it; empty if the debug information does not tell.
std::string allocatedType(const llvm::CallBase &Call);

} // namespace memtrack

#endif
