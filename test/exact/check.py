#!/usr/bin/env python3
"""Hold MemTrack's calling contexts against what a generated program knows of itself.

usage: check.py --memtrack MEMTRACK --level LEVEL DIRECTORY TRUTH TRACE...
       check.py --reference FILE --program PROGRAM --level LEVEL DIRECTORY TRUTH

DIRECTORY is generate.py's. Every allocation of the truth must be there once, with exactly the true
chain of functions and lines. At -O0 nothing may be missing. With optimization a frame may be
missing whose call is in tail position; one that was inlined must be there, marked as such. With
--reference the chains are those of support/reference.c, which unwinds the stack.
"""

import argparse
import dataclasses
import itertools
import json
import pathlib
import sys

import frames as frame_sources
from truth import ALLOCATION, BOTTOM, INTERRUPTED, MUSTTAIL, OPEN, TAIL, Truth


class Rules:
    """What may differ from the truth. An unwinder knows less than MemTrack: no allocation in tail
    position, and of calls that the code generator made one neither the line nor what was inlined
    there."""

    def __init__(self, level, unwound=False, complete=False):
        self.optimized = level != "O0"
        self.unwound = unwound
        self.complete = complete or unwound  # what uninstrumented code allocates must be there, too
        self.inline = {}  # by label, whether it is never, maybe or always inlined
        self.defined = None  # labels of functions that have code of their own, if that is known

    def may_be_inlined(self, link):
        return link.inline in ("always", "any") or self.optimized and link.inline != "never"

    def is_optional(self, link, lost_line):
        if link.flags & INTERRUPTED or lost_line and link.inline != "never":
            return True
        droppable = TAIL | MUSTTAIL | (ALLOCATION if self.unwound else 0)
        return self.optimized and bool(link.flags & droppable)

    def fits(self, link, frame):
        if frame.label != link.label:
            return False
        if link.flags & INTERRUPTED or self.unwound and self.optimized and not frame.line:
            return True
        return link.line <= (frame.line or 0) <= link.last_line


def spread_interruptions(chain, rules):
    """The links, those that an interrupted one may have been inlined into marked as interrupted: it
    is then they that were, and that may have made no call yet, or another."""
    interrupted = 0
    for link in chain:
        link = dataclasses.replace(link, flags=link.flags | interrupted)
        interrupted = link.flags & INTERRUPTED if link.label and rules.may_be_inlined(link) else 0
        yield link


def matches(chain, frames, rules, cut):
    """Whether the frames are the chain. `cut`: the report left the outermost frames out."""
    reached = {0}  # how many frames the links so far may account for
    lost_line = rules.unwound and rules.optimized and any(not frame.line for frame in frames)
    callee = None
    for link in spread_interruptions(chain, rules):
        inlined = callee and rules.may_be_inlined(callee)
        callee = link if link.label else None
        if cut and len(frames) in reached:
            return True
        if link.flags & OPEN:
            return True
        if link.flags & BOTTOM:
            if len(frames) in reached:
                return True
            continue
        # A call that is there is a jump; one that was inlined leaves its caller in place.
        jumps = link.flags & MUSTTAIL and not rules.optimized
        if jumps and not inlined:
            continue
        following = {i + 1 for i in reached if i < len(frames) and rules.fits(link, frames[i])}
        if jumps or rules.is_optional(link, lost_line):
            following |= reached
        reached = following
        if not reached:
            return False
    return len(frames) in reached


def inlining_error(frames, rules):
    """What is wrong with the marks of the frames, which are known to be the right ones. Of
    always_inline functions the optimizer leaves some in recursions."""
    for frame in frames:
        kind = rules.inline.get(frame.label, "maybe")
        if frame.inlined and (kind == "never" or kind == "maybe" and not rules.optimized):
            return f"{frame.label}:{frame.line} cannot have been inlined"
        must = kind == "always" and not rules.optimized
        if not frame.inlined and (must or rules.defined and frame.label not in rules.defined):
            return f"{frame.label}:{frame.line} must have been inlined"
    return None


def compare(chain, reported, files, rules):
    """Returns None, or what is wrong and the frames in question."""
    if not reported:
        return "is not in the trace", []
    if len(reported) != 1:
        return f"is in the trace {len(reported)} times", []
    if reported[0] is None:
        return "has a context that the report does not know", []
    cut = bool(reported[0]) and reported[0][-1] is None
    labels = {link.label for link in chain} if rules.unwound else ()
    frames = frame_sources.generated(reported[0][:-1] if cut else reported[0], files, labels)
    if not matches(chain, frames, rules, cut):
        return "has another chain", frames
    wrong = inlining_error(frames, rules)
    if not wrong and reported[0] and not cut and reported[0][-1].inlined:
        wrong = f"{reported[0][-1].function} was inlined into nothing"
    return (wrong, frames) if wrong else None


def condensed(lines, limit=30):
    """The lines, with equal ones that follow each other made one."""
    runs = []
    for line in lines:
        if runs and runs[-1][0] == line:
            runs[-1][1] += 1
        else:
            runs.append([line, 1])
    lines = [f"{line}  {count} times" if count > 1 else line for line, count in runs]
    return lines[:limit] + ["(and so on)"] if len(lines) > limit else lines


def print_difference(size, problem, chain, frames):
    print(f"size {size}: {problem}")
    left = condensed([str(link) for link in chain])
    right = condensed([f"{f.label}:{f.line}{'  (inlined)' if f.inlined else ''}" for f in frames])
    width = max(len(text) for text in ["truth", *left])
    print(f"    {'truth':{width}}   reported")
    for truth, reported in itertools.zip_longest(left, right, fillvalue=""):
        print(f"    {truth:{width}}   {reported}")


def is_foreign(frames):
    """Whether a library made the allocation: without debug information, unlike the programs."""
    return frames is None or bool(frames) and frames[0] is not None and not frames[0].file


def check(directory, truth_path, chains, rules, shown=3):
    """Prints the first differences; returns the numbers of allocations held and of wrong ones."""
    manifest = json.loads((pathlib.Path(directory) / "manifest.json").read_text())
    files = {unit["name"] for unit in manifest["units"] if not unit["plain"]} | {"program.h"}
    rules.inline = {f["label"]: f["inline"] for f in manifest["functions"]}
    truth = Truth(truth_path, manifest)
    held = wrong = 0
    for size in truth.sizes():
        # The report makes one of the calls of a function that it knows by its name only.
        if chains.get(size, [None]) == [None] and not rules.complete and truth.may_be_unseen(size):
            continue
        held += 1
        chain = truth.chain(size)
        difference = compare(chain, chains.get(size), files, rules)
        if difference:
            wrong += 1
            if wrong <= shown:
                print_difference(size, difference[0], chain, difference[1])
    strange = [size for size in sorted(chains.keys() - set(truth.sizes()))
               if not all(is_foreign(frames) for frames in chains[size])]
    for size in strange[:shown]:
        print(f"size {size}: is in the trace, but not in the truth")
        wrong += 1
    if wrong > shown:
        print(f"... {wrong} of {held} allocations are wrong")
    return held, wrong


def main(arguments):
    parser = argparse.ArgumentParser(
        description="Compare MemTrack's calling contexts with a generated program's truth.")
    parser.add_argument("--memtrack", default="memtrack")
    parser.add_argument("--level", required=True, help="O0, O1, ... as the program was built")
    parser.add_argument("--reference", help="file of support/reference.c, instead of traces")
    parser.add_argument("--program", help="the program that wrote it")
    parser.add_argument("--symbolizer", default="llvm-symbolizer-14")
    parser.add_argument("--complete", action="store_true",
                        help="allocations made by uninstrumented code must be there, too")
    parser.add_argument("--show", type=int, default=3, help="differences to print")
    parser.add_argument("directory")
    parser.add_argument("truth")
    parser.add_argument("trace", nargs="*")
    options = parser.parse_args(arguments)

    if options.reference:
        chains = frame_sources.from_reference(options.symbolizer, options.reference,
                                              options.program)
    else:
        chains = frame_sources.from_report(options.memtrack, options.trace)
    rules = Rules(options.level, bool(options.reference), options.complete)
    count, wrong = check(options.directory, options.truth, chains, rules, options.show)
    if not wrong:
        print(f"{count} allocations, all exact")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
