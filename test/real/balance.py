#!/usr/bin/env python3
"""balance.py --memtrack PROGRAM --trace TRACE NAME RUN VALGRIND.xml REPORT.json

Prints a line that compares what was live at exit. If it differs, or if memory was freed that the
trace does not know, says which allocations and which frees these are. Exits with 1 then.

Allocations are told apart by the object that made them (a library, or the program), and by the
innermost place of the program on the way there. Further out, valgrind's chains have the frames of
libraries, MemTrack's only those of instrumented code, and inlined functions have other names.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree

from compare_contexts import COPYING, plain_name

SHOWN = 20


class Live:
    """Blocks, bytes and a chain to show for them."""

    def __init__(self):
        self.blocks, self.bytes, self.chain = 0, 0, ""

    def add(self, blocks, size, chain):
        self.blocks += blocks
        self.bytes += size
        self.chain = self.chain or chain


def object_name(path):
    """A library may be known by the name that programs ask for, or by its file's, with a version."""
    return re.sub(r"(\.so\.\d+)[.\d]*$", r"\1", os.path.basename(path or ""))


def key_of(frames, program):
    """The object of the innermost frame, and the innermost place of the program."""
    place = next((f"{file or function}:{line}" for module, function, file, line in frames
                  if module == program and (file or function)), "")
    return (frames[0][0] if frames else "", place)


def chain_of(frames):
    return " < ".join(function or module or "?" for module, function, _, _ in frames)


def read_valgrind(path):
    """Live memory by object and place, and the program's name."""
    tree = xml.etree.ElementTree.parse(path).getroot()
    program = os.path.basename(tree.findtext("args/argv/exe"))
    live = collections.defaultdict(Live)
    for error in tree.iter("error"):
        if not error.findtext("kind").startswith("Leak_"):
            continue
        frames = [(object_name(frame.findtext("obj")), plain_name(frame.findtext("fn", "")),
                   frame.findtext("file", ""), int(frame.findtext("line", "0")))
                  for frame in error.find("stack").iter("frame")]
        while len(frames) > 1 and (frames[0][0].startswith("vgpreload") or
                                   COPYING.match(frames[0][1])):
            del frames[0]
        # What is lost with a block has records of its own, too.
        direct = re.search(r"\(([\d,]+) direct", error.findtext("xwhat/text"))
        size = direct[1].replace(",", "") if direct else error.findtext("xwhat/leakedbytes")
        live[key_of(frames, program)].add(int(error.findtext("xwhat/leakedblocks")), int(size),
                                          chain_of(frames))
    return live, program


def read_report(report, program):
    live = collections.defaultdict(Live)
    for context in report["contexts"]:
        if context["leaked_blocks"] > 0:
            frames = [(object_name(frame["module"]), plain_name(frame["function"] or ""),
                       os.path.basename(frame["file"] or ""), frame["line"])
                      for frame in context["frames"]]
            live[key_of(frames, program)].add(context["leaked_blocks"], context["leaked_bytes"],
                                              chain_of(frames))
    return live


def print_differences(ours, theirs):
    """Where the two differ. A jump to an allocator makes them see other callers, which is no
    difference: the objects have to differ in all."""
    objects = collections.Counter()
    for live, sign in ((ours, 1), (theirs, -1)):
        for (module, _), found in live.items():
            objects[module, "blocks"] += sign * found.blocks
            objects[module, "bytes"] += sign * found.bytes
    differing = [key for key in set(ours) | set(theirs)
                 if (ours[key].blocks, ours[key].bytes) != (theirs[key].blocks, theirs[key].bytes)
                 and (objects[key[0], "blocks"], objects[key[0], "bytes"]) != (0, 0)]
    differing.sort(key=lambda key: (-abs(ours[key].bytes - theirs[key].bytes), key))
    for key in differing[:SHOWN]:
        print(f"    made by {key[0] or '?'} for {key[1] or 'nothing in the program'}:")
        for who, live in (("MemTrack", ours[key]), ("valgrind", theirs[key])):
            print(f"      {who} {live.blocks:7,} blocks {live.bytes:11,} bytes  {live.chain}")
    if len(differing) > SHOWN:
        print(f"    and {len(differing) - SHOWN} others")


def print_unknown_frees(memtrack, trace):
    """Which functions free what no event of the trace has allocated, and which allocate blocks that
    someone must have freed before their address was given out again."""
    live, unknown = set(), collections.Counter()
    with subprocess.Popen([memtrack, "dump", "--format", "json", trace], text=True,
                          stdout=subprocess.PIPE) as dump:
        for line in dump.stdout:
            event = json.loads(line)
            if event["op"] in ("free", "realloc_free"):
                if event["address"] not in live:
                    unknown[event["op"], event["function"], event["file"], event["line"]] += 1
                live.discard(event["address"])
            elif event["op"] in ("alloc", "realloc_alloc"):
                if event["address"] in live:
                    unknown["a second " + event["op"], event["function"], event["file"],
                            event["line"]] += 1
                live.add(event["address"])
    for (operation, function, file, line), count in unknown.most_common(SHOWN):
        print(f"    {count:,} unknown at {operation} in {function} {file}:{line}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--memtrack", required=True)
    parser.add_argument("--trace", required=True)
    parser.add_argument("name")
    parser.add_argument("run")
    parser.add_argument("valgrind")
    parser.add_argument("report")
    options = parser.parse_args()

    with open(options.report) as file:
        report = json.load(file)
    summary = report["summary"]
    theirs, program = read_valgrind(options.valgrind)
    ours = read_report(report, program)
    blocks = sum(live.blocks for live in theirs.values())
    size = sum(live.bytes for live in theirs.values())

    unknown = summary["unmatched_frees"] + summary["missed_frees"]
    same = (summary["leaked_blocks"], summary["leaked_bytes"]) == (blocks, size)
    whole = summary["complete"] and summary["allocations"] > 0
    good = same and whole and unknown == 0
    print(f"{options.name:8} {options.run:12} {'same' if good else 'DIFFERS':7} {unknown:10,} "
          f"{summary['leaked_blocks']:9,} {blocks:10,} {summary['leaked_bytes']:13,} {size:12,}")
    if not whole:
        print("    the trace is not complete")
    if unknown:
        print_unknown_frees(options.memtrack, options.trace)
    if not same:
        print_differences(ours, theirs)
    sys.exit(not good)


if __name__ == "__main__":
    main()
