# Tests of the pass. Substitutions:
#
#   %prepare        opt that runs both passes, and shows what they leave alone
#   %memtrack       opt that runs the pass once and verifies what comes out
#   %opt            opt with the plugin, without a pipeline
#   %clang %clangxx compilers with the plugin
#   %plain          a C compiler without it
#   %runtime        the stub runtime's source, with the flags it needs
#   %plugin         the plugin
#   %include        the directory of MemTrack's headers
#   %llvm_version   the major version of LLVM it is for
#   %contexts       before any of these: with calling contexts, which most tests do without
#
# Tests with the feature `native` link and run programs.

import os
import shutil

import lit.formats

config.name = "memtrack-pass"
config.suffixes = [".ll", ".c", ".cpp"]
config.excludes = ["Inputs"]
config.test_format = lit.formats.ShTest(True)
config.test_source_root = os.path.dirname(__file__)
inputs = os.path.join(config.test_source_root, "Inputs")

config.environment["PATH"] = config.llvm_tools + os.pathsep + os.environ["PATH"]

config.environment["MEMTRACK_PASS_OPTIONS"] = "context=site"

# The tests are written without pointer types; LLVM 14 reads that when told to.
opaque = " -opaque-pointers" if config.llvm_version == 14 else ""
opt = "%s/opt%s -load-pass-plugin=%s" % (config.llvm_tools, opaque, config.memtrack_plugin)
plugin = " -fpass-plugin=" + config.memtrack_plugin
clang = os.path.join(config.llvm_tools, "clang")

config.substitutions += [
    ("%prepare", opt + " -passes=memtrack-prepare,memtrack,verify -pass-remarks-missed=memtrack -S"),
    ("%memtrack", opt + " -passes=memtrack,verify -S"),
    ("%opt", opt),
    ("%plain", clang),
    ("%include", config.memtrack_include),
    ("%plugin", config.memtrack_plugin),
    ("%contexts", "env -u MEMTRACK_PASS_OPTIONS"),
    ("%llvm_version", str(config.llvm_version)),
    ("%runtime", "-I%s %s" % (config.memtrack_include, os.path.join(inputs, "runtime.c"))),
]
if os.path.exists(clang):
    config.available_features.add("clang")
    config.substitutions += [("%clangxx", clang + "++" + plugin), ("%clang", clang + plugin)]
    if os.uname().machine in ("x86_64", "aarch64"):
        config.available_features.add("native")
for linker, program in [("bfd", "ld.bfd"), ("gold", "ld.gold"), ("lld", "ld.lld"), ("mold", "ld.mold")]:
    if shutil.which(program, path=config.environment["PATH"]):
        config.available_features.add(linker)
