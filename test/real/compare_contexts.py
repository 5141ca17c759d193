#!/usr/bin/env python3
"""compare_contexts.py [OPTION]... NAME REPORT.json <HEAPTRACK.raw

Compares the calling contexts that allocate most bytes, as MemTrack reports them and as heaptrack
records them in a run of the same binary. They agree if the chains of functions, inlined ones
included, are equal, in the same order, and their sizes nearly; contexts of nearly the same size may
change places. Exits with 1 if they do not. (Sizes need not be equal: SQLite makes the most of its
blocks by malloc_usable_size, which depends on the heap's layout, which heaptrack's own blocks change.)

heaptrack's raw data is read, before heaptrack_interpret: heaptrack_print merges and cuts chains, and
heaptrack_interpret looks up return addresses, which may lie in the next line or behind the inlined
function. Here it is the byte before that is looked up. The records (numbers in hexadecimal, strings
with their length in front; src/track/libheaptrack.cpp of heaptrack 1.4, format version 3):

    x LENGTH PATH                     the executable
    m LENGTH NAME BASE (START SIZE)*  a module and its segments; "x" is the executable
    t ADDRESS PARENT                  a node of the tree of chains; numbered from 1; 0 is the root
    + SIZE NODE POINTER               an allocation; realloc of a block is "- OLD" and "+ SIZE", too
    - POINTER                         a deallocation

What is left out of both:
  - frames of shared libraries, heaptrack's and MemTrack's own among them: MemTrack's chains have
    instrumented code only. Allocations that a library makes itself, as fopen does, are counted apart;
    those of strdup and the like are the program's.
  - what comes before main.
  - in MemTrack's chain, the function of an allocation call that the binary makes by a jump: MemTrack
    knows it from the call site, but it was not on the stack any more for heaptrack to find.
  - frames beyond --depth: heaptrack records 62 at most.
"""

import argparse
import collections
import json
import re
import subprocess
import sys

TOP = 5
# What sizes of the same context may differ by, and those of contexts that change places.
NEAR_SAME, NEAR_PLACES = 0.01, 0.001
MAX_DEPTH = 56
BEFORE_MAIN = {"_start", "__libc_start_main", "__libc_start_call_main", ""}
COPYING = re.compile(r"(__)?(strn?dup|wcsdup|reallocarray|v?asprintf|getline|getdelim)\b")
ALLOCATION = re.compile(r"^\s*[0-9a-f]+:\s+(call|jmp)q?\s.*<__memtrack_(?!free|delete)")


def plain_name(function):
    """The function's name without parameters and what the compiler adds to names of parts."""
    name = re.sub(r"(\.(part|constprop|isra|cold|llvm)(\.\d+)?)+$", "", function)
    name = re.sub(r"\s*\[clone [^]]*\]", "", name)
    kept = name.replace("(anonymous namespace)", "\0").replace("operator()", "operator\1")
    kept = re.sub(r"\(.*\)( const)?( &&?)?$", "", kept)
    return kept.replace("\0", "(anonymous namespace)").replace("\1", "()")


class Heaptrack:
    """Allocated bytes and allocations a node, and what the nodes are."""

    def __init__(self, lines):
        self.nodes = [(0, 0)]
        self.cost = collections.defaultdict(lambda: [0, 0])
        self.executable = None
        self.modules = []
        for line in lines:
            fields = line.split()
            kind = fields[0]
            if kind == "+":
                cost = self.cost[int(fields[2], 16)]
                cost[0] += int(fields[1], 16)
                cost[1] += 1
            elif kind == "t":
                self.nodes.append((int(fields[1], 16), int(fields[2], 16)))
            elif kind == "v" and int(fields[2], 16) != 3:
                raise SystemExit(f"heaptrack's format {fields[2]} is unknown")
            elif kind in "xm":
                self.read_module(kind, line)

    def read_module(self, kind, line):
        length, rest = line[2:].split(" ", 1)
        name, rest = rest[:int(length, 16)], rest[int(length, 16):].split()
        if kind == "x":
            self.executable = name
        elif rest:
            base, *segments = (int(field, 16) for field in rest)
            for start, size in zip(segments[::2], segments[1::2]):
                self.modules.append((base + start, base + start + size, base,
                                     self.executable if name == "x" else name))

    def find_module(self, address):
        for start, end, base, name in self.modules:
            if start <= address < end:
                return name, address - base
        return "", 0

    def symbolize(self, symbolizer):
        """Functions of each address, innermost first, with its module."""
        wanted = collections.defaultdict(list)
        for address in {address for address, _ in self.nodes[1:]}:
            name, offset = self.find_module(address - 1)
            wanted[name].append((address, offset))
        self.functions = {address: ("", []) for address, _ in wanted.pop("", [])}
        for module, addresses in wanted.items():
            if module.startswith("linux-"):
                continue
            lines = subprocess.run(
                [symbolizer, "--output-style=JSON", f"--obj={module}"], text=True, check=True,
                input="".join(f"{offset:#x}\n" for _, offset in addresses),
                stdout=subprocess.PIPE).stdout.splitlines()
            for (address, _), line in zip(addresses, lines):
                functions = [symbol["FunctionName"] for symbol in json.loads(line)["Symbol"]]
                self.functions[address] = (module, functions)

    def chain(self, node):
        """The chain's physical frames in the executable, each a tuple of names; whether the program
        itself, and not a library, made the allocation."""
        frames, own = [], None
        while node:
            address, node = self.nodes[node]
            module, names = self.functions.get(address, ("", []))
            if module == self.executable:
                own = own is not False
                names = tuple(map(plain_name, names))
                if not BEFORE_MAIN.issuperset(names):
                    frames.append(names)
            elif own is None and "memtrack" not in module and not any(map(COPYING.match, names)):
                own = False
        return frames, bool(own)

    def contexts(self, depth):
        """Allocated bytes and allocations of each chain, and those of libraries."""
        result, libraries = collections.Counter(), [0, 0]
        for node, (size, count) in self.cost.items():
            frames, own = self.chain(node)
            if own:
                result[flat(frames[:depth])] += size
            else:
                libraries[0] += size
                libraries[1] += count
        return result, libraries


def flat(frames):
    return tuple(name for frame in frames for name in frame)


def jumping_functions(executable):
    """Functions that reach MemTrack's entry points for allocations, and so the allocator, by jumps."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", executable], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    ways, function = collections.defaultdict(set), ""
    for line in text.splitlines():
        if line.endswith(">:"):
            function = plain_name(line[line.index("<") + 1:-2])
        elif match := ALLOCATION.match(line):
            ways[function].add(match[1])
    return {function for function, found in ways.items() if found == {"jmp"}}


def memtrack_contexts(report, depth, jumping):
    result = collections.Counter()
    for context in report["contexts"]:
        frames, names = [], []
        for frame in context["frames"]:
            names.append(plain_name(frame["function"]))
            if not frame["inlined"]:
                frames.append(tuple(names))
                names = []
        if frames and frames[0][-1] in jumping:
            del frames[0]
        result[flat(frames[:depth])] += context["allocated_bytes"]
    return result


def by_size(contexts):
    return sorted(contexts.items(), key=lambda item: (-item[1], item[0]))[:TOP]


def near(size, other, share):
    return abs(size - other) <= share * max(size, other)


def agree(ours, theirs, theirs_all):
    chain, size = ours
    return (near(size, theirs_all[chain], NEAR_SAME) and
            (chain == theirs[0] or near(theirs_all[chain], theirs[1], NEAR_PLACES)))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--symbolizer", default="llvm-symbolizer")
    parser.add_argument("--depth", type=int, default=MAX_DEPTH)
    parser.add_argument("name")
    parser.add_argument("report")
    options = parser.parse_args()

    with open(options.report) as file:
        report = json.load(file)
    heaptrack = Heaptrack(sys.stdin)
    heaptrack.symbolize(options.symbolizer)
    theirs_all, libraries = heaptrack.contexts(options.depth)
    ours_all = memtrack_contexts(report, options.depth, jumping_functions(heaptrack.executable))

    print(f"{options.name}: {len(ours_all):,} contexts of {sum(ours_all.values()):,} bytes; heaptrack: "
          f"{len(theirs_all):,} of {sum(theirs_all.values()):,}, and {libraries[1]:,} allocations of "
          f"{libraries[0]:,} bytes by libraries")
    pairs = list(zip(by_size(ours_all), by_size(theirs_all)))
    wrong = not pairs or len(ours_all) < min(TOP, len(theirs_all))
    for rank, (ours, theirs) in enumerate(pairs, 1):
        same = agree(ours, theirs, theirs_all)
        wrong |= not same
        print(f"{rank} {'same' if same else 'DIFFERENT':9} {ours[1]:15,} {' < '.join(ours[0])}")
        if ours != theirs:
            print(f"  heaptrack {theirs[1]:15,} {' < '.join(theirs[0])}")
    sys.exit(wrong)


if __name__ == "__main__":
    main()
