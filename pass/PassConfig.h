//===- PassConfig.h - Options of the pass -----------------------*- C++ -*-===//
//
// Options are words `key=value` separated by blanks. They travel with the
// translation unit, as strings in a section of their own that the drivers'
// --memtrack-* arguments define by forced inclusion of a header, so that caches
// of compiler output see them; the pass takes the section out again. The
// variable MEMTRACK_PASS_OPTIONS comes after them and is for debugging.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_PASSCONFIG_H
#define MEMTRACK_PASS_PASSCONFIG_H

#include "llvm/IR/Module.h"

namespace memtrack {

struct PassConfig {
  /// context=stack|site: whether calls are instrumented, too.
  bool Contexts = true;

  /// Leaves the module as it is. Warns of what it does not know.
  static PassConfig read(llvm::Module &M);

  /// Removes the section, if there is one; returns whether.
  static bool removeFrom(llvm::Module &M);
};

} // namespace memtrack

#endif
