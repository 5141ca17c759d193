# Programs built with the drivers, run, and their reports compared with what they did.
#
#   %cc %cxx          memtrack-cc, memtrack-c++
#   %run TRACE CMD    runs CMD with its trace in TRACE (further options: MEMTRACK_OPTIONS)
#   %status N CMD     CMD exits with N
#   %check TRACE E... every Python expression E holds for the report; see check.py
#   %same T U [K...]  the reports of two traces have the same figures; see same.py
#   %memtrack         the analyzer
#   %python           Python
#   %jemalloc %tcmalloc %mimalloc   those libraries, where there are all of them
#   %include          the directory of MemTrack's headers

import os
import shutil
import subprocess

import lit.formats

config.name = "memtrack-integration"
config.suffixes = [".c", ".cpp", ".test"]
config.excludes = ["Inputs"]
config.test_format = lit.formats.ShTest(True)
config.test_source_root = os.path.dirname(__file__)
config.environment["PATH"] = config.llvm_tools + os.pathsep + os.environ["PATH"]
config.environment.pop("MEMTRACK_OPTIONS", None)

inputs = os.path.join(config.test_source_root, "Inputs")
bin_dir = config.memtrack_bin
config.substitutions += [
    ("%cc", os.path.join(bin_dir, "memtrack-cc") + " -Wall"),
    ("%cxx", os.path.join(bin_dir, "memtrack-c++") + " -Wall -std=c++17"),
    ("%include", os.path.join(os.path.dirname(bin_dir), "include")),
    ("%memtrack", os.path.join(bin_dir, "memtrack")),
    ("%run", os.path.join(inputs, "run.sh")),
    ("%status", os.path.join(inputs, "status.sh")),
    ("%python", config.python),
    ("%same", "%s %s %s" % (config.python, os.path.join(inputs, "same.py"),
                            os.path.join(bin_dir, "memtrack"))),
    ("%check", "%s %s %s" % (config.python, os.path.join(inputs, "check.py"),
                             os.path.join(bin_dir, "memtrack"))),
]
for linker in ("lld", "gold", "mold"):
    if shutil.which("ld." + linker, path=config.environment["PATH"]):
        config.available_features.add(linker)
probe = subprocess.run(
    [os.path.join(config.llvm_tools, "clang"), "-static", "-xc", "-", "-o", os.devnull],
    input=b"int main(void) { return 0; }", stderr=subprocess.DEVNULL)
if probe.returncode == 0:
    config.available_features.add("static")
probe = subprocess.run(
    [os.path.join(config.llvm_tools, "clang"), "-fsanitize=leak", "-xc", "-", "-o",
     os.path.join(config.test_exec_root, "lsan-probe")],
    input=b"int main(void) { return 0; }", stderr=subprocess.DEVNULL)
if probe.returncode == 0 and subprocess.run([os.path.join(config.test_exec_root, "lsan-probe")],
                                            stderr=subprocess.DEVNULL).returncode == 0:
    config.available_features.add("lsan")
if os.geteuid() == 0:
    config.available_features.add("root")

# Where the compiler would find them; they come without what -l needs.
allocators = {"jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc_minimal.so.4",
              "mimalloc": "libmimalloc.so.2"}
for name, file in allocators.items():
    path = subprocess.run(
        [os.path.join(config.llvm_tools, "clang"), "-print-file-name=" + file],
        stdout=subprocess.PIPE, universal_newlines=True, check=False).stdout.strip()
    if os.path.isabs(path):
        config.substitutions.append(("%" + name, path))
        allocators[name] = None
if not any(allocators.values()):
    config.available_features.add("allocators")
