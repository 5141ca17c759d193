//===- PassConfig.cpp - Options of the pass -------------------------------===//

#include "PassConfig.h"
#include "LLVMCompat.h"
#include "memtrack/abi.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"
#include <cstdlib>

using namespace llvm;
using namespace memtrack;

static constexpr char AllocatorsOption[] = "allocators=";

void memtrack::warn(const Twine &Message) {
  errs() << "warning: memtrack: " << Message << '\n';
}

static void readAllocators(PassConfig &Config, StringRef Path, bool Warn) {
  auto File = MemoryBuffer::getFile(Path, true);
  if (File)
    Config.Allocators.push_back({Path.str(), (*File)->getBuffer().str()});
  else if (Warn)
    warn("cannot read the list of allocators " + Path + ": " +
         File.getError().message());
}

static void parse(PassConfig &Config, StringRef Options, bool Warn) {
  SmallVector<StringRef, 4> Words;
  Options.split(Words, ' ', -1, false);
  for (StringRef Word : Words) {
    if (Word == "context=stack")
      Config.Contexts = true;
    else if (Word == "context=site")
      Config.Contexts = false;
    else if (startsWith(Word, AllocatorsOption))
      readAllocators(Config, Word.drop_front(sizeof(AllocatorsOption) - 1),
                     Warn);
    else if (Warn)
      warn("option '" + Word +
           "' is ignored; context=stack, context=site and allocators=FILE are "
           "known");
  }
}

static void readString(PassConfig &Config, StringRef Text, bool Warn) {
  if (!startsWith(Text, AllocatorsOption) || !Text.contains('\n')) {
    parse(Config, Text, Warn);
    return;
  }
  auto Parts = Text.drop_front(sizeof(AllocatorsOption) - 1).split('\n');
  Config.Allocators.push_back({Parts.first.str(), Parts.second.str()});
}

PassConfig PassConfig::read(const Module &M, bool Warn) {
  PassConfig Config;
  for (const GlobalVariable &Variable : M.globals()) {
    if (Variable.getSection() != MT_CONFIG_SECTION ||
        !Variable.hasInitializer())
      continue;
    auto *Data = dyn_cast<ConstantDataSequential>(Variable.getInitializer());
    if (!Data || !Data->isString())
      continue;
    SmallVector<StringRef, 2> Strings;
    Data->getAsString().split(Strings, '\0', -1, false);
    for (StringRef Text : Strings)
      readString(Config, Text, Warn);
  }
  if (const char *Options = std::getenv("MEMTRACK_PASS_OPTIONS"))
    parse(Config, Options, Warn);
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
