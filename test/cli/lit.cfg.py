# Tests of the memtrack command. Substitutions:
#
#   %memtrack    the command
#   %make-trace  writes a trace: %make-trace KIND FILE
#   %python      Python
#
# The feature `devfull` means that writes can be made to fail.

import os

import lit.formats

config.name = "memtrack-cli"
config.suffixes = [".test"]
config.test_format = lit.formats.ShTest(True)
config.test_source_root = os.path.dirname(__file__)
config.environment["PATH"] = config.llvm_tools + os.pathsep + os.environ["PATH"]
config.substitutions += [
    ("%memtrack", config.memtrack),
    ("%make-trace", config.make_trace),
    ("%python", config.python),
]
if os.path.exists("/dev/full"):
    config.available_features.add("devfull")
