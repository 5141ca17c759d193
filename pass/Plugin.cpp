//===- Plugin.cpp - Registration and version guard ------------------------===//
//
// The compiler calls llvmGetPassPluginInfo once, when it loads the plugin.
//
//===----------------------------------------------------------------------===//

#include "MemTrackPass.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Passes/PassPlugin.h"
#include <dlfcn.h>

using namespace llvm;
using namespace memtrack;

#define MT_STRING(x) #x
#define MT_EXPANDED_STRING(x) MT_STRING(x)

/// LLVM_PLUGIN_API_VERSION is the same for all versions of LLVM, though their
/// C++ interfaces are not: without this check, a plugin for another version
/// crashes the compiler.
static bool isLoadedByOwnVersion() {
  // From 16 on, LLVM tells.
  using GetVersionFunction = void (*)(unsigned *, unsigned *, unsigned *);
  if (auto GetVersion = reinterpret_cast<GetVersionFunction>(
          dlsym(RTLD_DEFAULT, "LLVMGetVersion"))) {
    unsigned Major = 0;
    GetVersion(&Major, nullptr, nullptr);
    return Major == LLVM_VERSION_MAJOR;
  }
  // Before, a shared libLLVM has its version in its symbols.
  if (dlvsym(RTLD_DEFAULT, "LLVMContextCreate",
             "LLVM_" MT_EXPANDED_STRING(LLVM_VERSION_MAJOR)))
    return true;
  if (dlvsym(RTLD_DEFAULT, "LLVMContextCreate", "LLVM_13") ||
      dlvsym(RTLD_DEFAULT, "LLVMContextCreate", "LLVM_14") ||
      dlvsym(RTLD_DEFAULT, "LLVMContextCreate", "LLVM_15"))
    return false;
  // A static one has not; 15 differs from 14 by a function of its C interface.
  bool Is15 = dlsym(RTLD_DEFAULT, "LLVMContextSetOpaquePointers");
  return LLVM_VERSION_MAJOR == (Is15 ? 15 : 14);
}

static bool parsePass(StringRef Name, ModulePassManager &Passes) {
  if (Name == "memtrack-prepare")
    Passes.addPass(PreparePass());
  else if (Name == "memtrack")
    Passes.addPass(MemTrackPass());
  else
    return false;
  return true;
}

static void registerPasses(PassBuilder &Builder) {
  // LLVM 20 and later pass the LTO phase as well.
  Builder.registerPipelineStartEPCallback(
      [](ModulePassManager &Passes, OptimizationLevel, auto...) {
        Passes.addPass(PreparePass());
      });
  Builder.registerOptimizerLastEPCallback(
      [](ModulePassManager &Passes, OptimizationLevel, auto...) {
        Passes.addPass(MemTrackPass());
      });
  Builder.registerPipelineParsingCallback(
      [](StringRef Name, ModulePassManager &Passes,
         ArrayRef<PassBuilder::PipelineElement>) {
        return parsePass(Name, Passes);
      });
}

extern "C" LLVM_ATTRIBUTE_WEAK LLVM_EXTERNAL_VISIBILITY PassPluginLibraryInfo
llvmGetPassPluginInfo() {
  uint32_t Version = isLoadedByOwnVersion() ? LLVM_PLUGIN_API_VERSION : 0;
  return {Version, "MemTrack",
          "for LLVM " MT_EXPANDED_STRING(LLVM_VERSION_MAJOR), registerPasses};
}
