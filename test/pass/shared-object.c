// Every linked object registers its own sites, and unregisters them when it is unloaded.
// REQUIRES: clang, native
// RUN: %plain -c %runtime -o %t.runtime.o
// RUN: %clang -g -DPLUGIN -shared -fPIC %s -o %t.so
// RUN: %clang -g -rdynamic %s %t.runtime.o -ldl -o %t && %t %t.so | FileCheck %s
// RUN: %contexts %clang -g -DPLUGIN -shared -fPIC %s -o %t.so
// RUN: %contexts %clang -g -rdynamic %s %t.runtime.o -ldl -o %t && %t %t.so | FileCheck %s --check-prefix=CONTEXTS

#include <stdio.h>
#include <stdlib.h>

#ifdef PLUGIN
void *plugin(void) { return malloc(1); }
#else
#include <dlfcn.h>

// CHECK:      | main {{.*}}shared-object.c:[[@LINE+22]]
// CHECK-NEXT: registered 1
// CHECK-NEXT: open
// CHECK-NEXT: | plugin
// CHECK-NEXT: registered 1
// CHECK-NEXT: close
// CHECK-NEXT: unregistered 1
// CHECK-NEXT: end
// CHECK-NEXT: unregistered 1
// CONTEXTS:      | main {{.*}}
// CONTEXTS:      open
// CONTEXTS-NEXT: | plugin
// CONTEXTS-NEXT: registered 1
// CONTEXTS-NEXT: close
// CONTEXTS-NEXT: unregistered 1
// CONTEXTS-NEXT: end
int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  puts("open");
  void *object = dlopen(argv[argc - 1], RTLD_NOW);
  if (!object)
    return 1;
  free(((void *(*)(void))dlsym(object, "plugin"))());
  puts("close");
  dlclose(object);
  puts("end");
}
#endif
