//===- PassConfig.h - Options of the pass -----------------------*- C++ -*-===//
//
// Options are words `key=value` separated by blanks. They travel with the
// translation unit, as strings in a section of their own that the drivers'
// --memtrack-* arguments define by forced inclusion of a header, so that caches
// of compiler output see them; the pass takes the section out again. The
// variable MEMTRACK_PASS_OPTIONS comes after them and is for debugging.
//
// A list of custom allocators travels as a string of its own:
// `allocators=FILE`, then the file's lines.
//
//===----------------------------------------------------------------------===//

#ifndef MEMTRACK_PASS_PASSCONFIG_H
#define MEMTRACK_PASS_PASSCONFIG_H

#include "llvm/ADT/Twine.h"
#include "llvm/IR/Module.h"
#include <string>
#include <vector>

namespace memtrack {

/// Tells the user of a mistake. No diagnostic of the compiler, which -Werror
/// would make an error: instrumentation never fails a build.
void warn(const llvm::Twine &Message);

struct PassConfig {
  /// context=stack|site: whether calls are instrumented, too.
  bool Contexts = true;

  struct AllocatorList {
    std::string File, Text;
  };
  std::vector<AllocatorList> Allocators;

  /// Leaves the module as it is. Warns of what it does not know if \p Warn.
  static PassConfig read(const llvm::Module &M, bool Warn);

  /// Removes the section, if there is one; returns whether.
  static bool removeFrom(llvm::Module &M);
};

} // namespace memtrack

#endif
