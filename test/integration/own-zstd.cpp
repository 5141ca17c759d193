// The runtime's zstd and xxhash are its own: a program's functions of those names are neither called
// nor in the way.
// RUN: %cxx -g -O1 -fno-builtin -rdynamic %s -o %t && %run %t.mtrace %t
// RUN: %check %t.mtrace 'own.allocations == 100000'
#include <cstdlib>

extern "C" {
#define TRAP(name)                                                                                 \
    size_t name() {                                                                                \
        abort();                                                                                   \
    }
TRAP(ZSTD_compressCCtx)
TRAP(ZSTD_compress2)
TRAP(ZSTD_initStaticCCtx)
TRAP(ZSTD_compressBegin)
TRAP(ZSTD_compressBlock)
TRAP(ZSTD_isError)
TRAP(ZSTD_trace_compress_begin)
TRAP(HUF_compress4X_repeat)
TRAP(FSE_compress)
TRAP(XXH3_64bits)
TRAP(XXH3_64bits_update)
TRAP(mt_writer_start)
TRAP(mt_process_start)
}

int main() {
    for (int i = 0; i < 100000; i++)
        free(malloc(10));
}
