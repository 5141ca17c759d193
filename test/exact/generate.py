#!/usr/bin/env python3
"""Write a random program each of whose allocations knows its true calling chain.

usage: generate.py SEED [--lang c|c++] [--files N] [--without FEATURE,...] [--only FEATURE,...]
                   [--omit A-B,...] -o DIRECTORY

The program is its units (main and part1, ...), program.h, and manifest.json, which check.py and
run.py read. --only has just these features, --without all that the seed chose but these. --omit
leaves out statements by their numbers, and nothing else changes.
"""

import argparse
import json
import pathlib
import sys

import kinds
import kinds_cxx
from program import CXX_ONLY, FEATURES, Program

HEADER = """\
#ifndef PROGRAM_H
#define PROGRAM_H
#include "exact.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __cplusplus
@CXX_INCLUDES@
#endif

struct program_structure {
    int part[20];
};

@DECLARATIONS@

#ifdef __cplusplus
struct shape {
    virtual unsigned work(unsigned up, int n) = 0;
};
struct other_shape {
    int padding = 0;
    virtual unsigned rest() {
        return 0;
    }
};

@CXX_DECLARATIONS@

@TEMPLATES@
#endif
#endif
"""


def choose_features(seed, is_cxx, without, only):
    """Each with its own probability; what is chosen does not depend on --without."""
    program = Program(f"features {seed}", is_cxx, 1, set())
    chosen = {name for name, probability in FEATURES.items() if program.chance(probability)}
    if only is not None:
        chosen = set(only)
    chosen -= set(without)
    return chosen if is_cxx else chosen - CXX_ONLY


def build(seed, is_cxx, unit_count, features, omitted=()):
    program = Program(seed, is_cxx, unit_count, features)
    program.omitted = frozenset(omitted)
    kinds.name_all(program)
    kinds_cxx.name_all(program)
    kinds.write_all(program)
    kinds_cxx.write_all(program)
    if program.units[-1].plugin:
        kinds.write_plugin(program)
    kinds.write_main(program)
    return program


def write(program, directory):
    directory.mkdir(parents=True, exist_ok=True)
    header = (HEADER.replace("@CXX_INCLUDES@", "\n".join(kinds_cxx.includes(program)))
              .replace("@DECLARATIONS@", "\n".join(program.declarations))
              .replace("@TEMPLATES@", "\n\n".join(program.templates))
              .replace("@CXX_DECLARATIONS@", "\n".join(program.cxx_declarations)))
    (directory / "program.h").write_text(header)
    for unit in program.units:
        (directory / unit.name).write_text(unit.text())
    manifest = json.dumps(program.manifest(), indent=1)
    (directory / "manifest.json").write_text(manifest + "\n")


def feature_list(text):
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in FEATURES:
            raise argparse.ArgumentTypeError(
                f"no feature {name!r}; there are {', '.join(FEATURES)}")
    return names


def numbers(text):
    """1-3,7 as a list."""
    values = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        values += range(int(first), int(last or first) + 1)
    return values


def numbers_text(values):
    """A list as 1-3,7."""
    runs = []
    for value in sorted(values):
        if runs and runs[-1][1] == value - 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def main(arguments):
    parser = argparse.ArgumentParser(
        description="Write a random program that knows the calling chain of each allocation.")
    parser.add_argument("seed", type=int)
    parser.add_argument("--lang", choices=("c", "c++"), default="c++")
    parser.add_argument("--files", type=int, default=5, help="translation units (default 5)")
    parser.add_argument("--without", type=feature_list, default=[], metavar="FEATURE,...")
    parser.add_argument("--only", type=feature_list, metavar="FEATURE,...")
    parser.add_argument("--omit", type=numbers, default=[], metavar="A-B,...")
    parser.add_argument("-o", dest="directory", type=pathlib.Path, required=True)
    options = parser.parse_args(arguments)

    is_cxx = options.lang == "c++"
    features = choose_features(options.seed, is_cxx, options.without, options.only)
    write(build(options.seed, is_cxx, options.files, features, options.omit), options.directory)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
