//===- PassConfig.cpp - Options of the pass -------------------------------===//

#include "PassConfig.h"
#include "memtrack/abi.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"
#include <cstdlib>

using namespace llvm;
using namespace memtrack;

static void parse(PassConfig &Config, StringRef Options, Module &M) {
  SmallVector<StringRef, 4> Words;
  Options.split(Words, ' ', -1, false);
  for (StringRef Word : Words) {
    if (Word == "context=stack")
      Config.Contexts = true;
    else if (Word == "context=site")
      Config.Contexts = false;
    else
      M.getContext().diagnose(DiagnosticInfoInlineAsm(
          "memtrack: option '" + Word +
              "' is ignored; context=stack and context=site are known",
          DS_Warning));
  }
}

PassConfig PassConfig::read(Module &M) {
  PassConfig Config;
  for (const GlobalVariable &Variable : M.globals()) {
    if (Variable.getSection() != MT_CONFIG_SECTION ||
        !Variable.hasInitializer())
      continue;
    auto *Data = dyn_cast<ConstantDataSequential>(Variable.getInitializer());
    if (Data && Data->isCString())
      parse(Config, Data->getAsCString(), M);
  }
  if (const char *Options = std::getenv("MEMTRACK_PASS_OPTIONS"))
    parse(Config, Options, M);
  return Config;
}

static bool isConfig(const GlobalValue *Value) {
  return isa<GlobalVariable>(Value) && Value->hasSection() &&
         cast<GlobalVariable>(Value)->getSection() == MT_CONFIG_SECTION;
}

/// Takes what is to go out of the list of what must not.
static void release(Module &M, bool CompilerUsed) {
  SmallVector<GlobalValue *, 8> Used;
  GlobalVariable *List = collectUsedGlobalVariables(M, Used, CompilerUsed);
  if (!List || none_of(Used, isConfig))
    return;
  List->eraseFromParent();
  erase_if(Used, isConfig);
  if (CompilerUsed)
    appendToCompilerUsed(M, Used);
  else
    appendToUsed(M, Used);
}

bool PassConfig::removeFrom(Module &M) {
  SmallVector<GlobalVariable *, 1> Found;
  for (GlobalVariable &Variable : M.globals())
    if (isConfig(&Variable))
      Found.push_back(&Variable);
  if (Found.empty())
    return false;
  release(M, true);
  release(M, false);
  for (GlobalVariable *Variable : Found) {
    Variable->removeDeadConstantUsers();
    if (Variable->use_empty())
      Variable->eraseFromParent();
  }
  return true;
}
