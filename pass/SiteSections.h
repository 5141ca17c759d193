//===- SiteSections.h - Let sites live and die with their code --*- C++ -*-===//

#ifndef MEMTRACK_PASS_SITESECTIONS_H
#define MEMTRACK_PASS_SITESECTIONS_H

#include "llvm/IR/Module.h"

namespace memtrack {

/// Ties every array of sites, and of their frames, to the function that refers
/// to it: the array joins the function's COMDAT, if there is one, and
/// `!associated` makes the linker's garbage collector treat the two as one.
///
/// This is for the end of every run, also of one that finds nothing to rewrite:
/// when instrumented bitcode is compiled again, functions are inlined into
/// others and deleted, and an array tied to the wrong one fails to link.
/// Returns whether anything changed.
bool tieSitesToFunctions(llvm::Module &M);

} // namespace memtrack

#endif
