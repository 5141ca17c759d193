# Programs that know the truth about their memory, and what the analyzer says of them.
#
#   %cc %cxx                memtrack-cc, memtrack-c++
#   %include                the directory of MemTrack's headers
#   %truth PROGRAM FROM TO  it is the truth, with these seeds; see check.py
#
# The suite takes few seeds. To try many:
#   python3 check.py build/bin/memtrack build/test/truth/Output/plants.c.tmp 1 100 --each

import os

import lit.formats

config.name = "memtrack-truth"
config.suffixes = [".c", ".cpp"]
config.excludes = ["truth.c"]
config.test_format = lit.formats.ShTest(True)
config.test_source_root = os.path.dirname(__file__)
config.environment["PATH"] = config.llvm_tools + os.pathsep + os.environ["PATH"]
config.environment.pop("MEMTRACK_OPTIONS", None)
config.substitutions += [
    ("%cc", os.path.join(config.memtrack_bin, "memtrack-cc") + " -Wall"),
    ("%cxx", os.path.join(config.memtrack_bin, "memtrack-c++") + " -Wall -std=c++17"),
    ("%include", os.path.join(os.path.dirname(config.memtrack_bin), "include")),
    ("%truth", "%s %s %s" % (config.python, os.path.join(config.test_source_root, "check.py"),
                             os.path.join(config.memtrack_bin, "memtrack"))),
]
