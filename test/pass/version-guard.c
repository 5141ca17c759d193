// A compiler of another LLVM version than the plugin's gets an API version that it
// refuses, and so an error instead of a crash. The host here is this program: it has
// what the plugin needs to be loaded, and says which version it is.
// REQUIRES: clang, native
// RUN: llvm-nm -D --undefined-only %plugin >%t.symbols
// RUN: sed -nE 's/.* U (_ZTVN4llvm.*|_ZN4llvm.*(Key|Checks)E)$/char \1[512];/p' %t.symbols >%t.h
// RUN: %plain -rdynamic -include %t.h -DVERSION=99 %s -ldl -o %t && %t %plugin | FileCheck %s --check-prefix=OTHER
// RUN: %plain -rdynamic -include %t.h -DVERSION=%llvm_version %s -ldl -o %t && %t %plugin | FileCheck %s --check-prefix=OWN

// OTHER: 0 MemTrack for LLVM
// OWN: 1 MemTrack for LLVM

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

void LLVMGetVersion(unsigned *major, unsigned *minor, unsigned *patch) {
  *major = VERSION;
  (void)minor, (void)patch;
}

struct info {
  uint32_t api;
  const char *name, *version;
  void (*register_passes)(void *);
};

int main(int argc, char **argv) {
  void *plugin = dlopen(argv[argc - 1], RTLD_LAZY);
  if (!plugin) {
    puts(dlerror());
    return 1;
  }
  struct info (*get)(void) = (struct info (*)(void))dlsym(plugin, "llvmGetPassPluginInfo");
  struct info info = get();
  printf("%u %s %s\n", info.api, info.name, info.version);
}
