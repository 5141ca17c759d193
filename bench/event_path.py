#!/usr/bin/env python3
"""event_path.py BIN WORK

Counts the instructions of the event path, part by part, as Markdown tables: callgrind attributes
each to a line of the source, also where functions are inlined, and the lines of a function belong to
a part. BIN has memtrack-cc, WORK is a directory for what is built and measured.
"""

import collections
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUNTIME = os.path.join(ROOT, "runtime")
TIMES = 200000

# By source function; what is in none is the rest of the function that callgrind names.
PARTS = {
    "the entry point and the call through": [
        "ENTRY", "RELEASE", "OBTAIN", "DIRECT", "mt_callee_cell", "mt_callee_direct",
        "mt_entry_allocated", "mt_entry_freeing", "mt_record_enabled", "mt_record_allocations",
        "mt_record_alloc", "mt_record_free"],
    "the time stamp": [
        "mt_clock_counter", "mt_clock_ticks", "__rdtsc", "mt_stamp", "mt_stamp_now",
        "mt_stamp_is_due", "mt_stamp_changes_owner", "record_alloc_otherwise",
        "record_free_otherwise", "record_alloc_stamped", "record_free_stamped"],
    "signal handlers and guards": ["begin", "end", "is_special"],
    "room, and whether it fits a record": ["has_room", "mt_record_fits"],
    "the record": ["store", "mt_record_store", "mt_record_publish"],
}
CONTEXT = "the context"
ORDER = [*PARTS, CONTEXT]
PART_OF = {name: part for part, names in PARTS.items() for name in names}
CONTEXT_FILES = {"context.h", "context.c", "stack.h"}


def functions_of(path):
    """For each line of a C file the function, or macro's use, that it is in."""
    result, current = [], None
    with open(path) as file:
        for line in file:
            found = re.match(r"(?![#/\s}]|struct|enum|typedef|_Static).*?\b(\w+)\((?!\()", line)
            if found and found[1] != "__attribute__" and not line.rstrip().endswith(";"):
                current = found[1]
            result.append(current)
    return result


def read_costs(path):
    """Instructions by (function that callgrind names, file, line)."""
    costs, names = collections.Counter(), {}
    function = file = None
    line, inclusive = 0, False
    with open(path) as lines:
        for text in lines:
            named = re.match(r"(fl|fi|fe|cfi|cfl|fn|cfn)=\((\d+)\)(?: (.*))?$", text)
            if named:
                key = ("function" if named[1] in ("fn", "cfn") else "file", named[2])
                if named[3]:
                    names[key] = named[3]
                if named[1] == "fn":
                    function = names[key]
                elif named[1] in ("fl", "fi", "fe"):
                    file = names[key]
            elif text.startswith("calls="):
                inclusive = True
            else:
                cost = re.match(r"([+-]\d+|\*|\d+) (\d+)$", text)
                if not cost:
                    continue
                if cost[1][0] in "+-":
                    line += int(cost[1])
                elif cost[1] != "*":
                    line = int(cost[1])
                if not inclusive:
                    costs[function, file, line] += int(cost[2])
                inclusive = False
    return costs


def part_of(file, line, cache):
    name = os.path.basename(file)
    if name == "ia32intrin.h":
        return "the time stamp"
    path = os.path.join(RUNTIME, name)
    if not os.path.exists(path):
        return None
    if path not in cache:
        cache[path] = functions_of(path)
    source = cache[path][line - 1] if 0 < line <= len(cache[path]) else None
    if source in PART_OF:
        return PART_OF[source]
    return CONTEXT if name in CONTEXT_FILES or name.startswith("record.") else None


def count(work, program, arguments, options):
    """Instructions of the runtime, an event, by part and side, in the thread that has most."""
    for name in os.listdir(work):
        if name.startswith("callgrind"):
            os.unlink(os.path.join(work, name))
    trace = os.path.join(work, "event-path.mtrace")
    subprocess.run(["valgrind", "-q", "--tool=callgrind", "--separate-threads=yes",
                    f"--callgrind-out-file={work}/callgrind", program, *arguments],
                   env={**os.environ, "MEMTRACK_OPTIONS": f"output={trace}:{options}"},
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    best, cache = {}, {}
    for name in os.listdir(work):
        if not name.startswith("callgrind-"):
            continue
        parts = collections.Counter()
        costs = read_costs(os.path.join(work, name))
        if any(function == "mt_writer_detach" for function, _, _ in costs):
            continue
        for (function, file, line), cost in costs.items():
            part = part_of(file, line, cache)
            side = re.search(r"alloc|free", function)
            if part:
                parts[part, "free" if side and side[0] == "free" else "allocation"] += cost
        if sum(parts.values()) > sum(best.values()):
            best = parts
    return {key: cost / TIMES for key, cost in best.items()}


def table(columns):
    """columns: (title, counts, side)."""
    print("| part | " + " | ".join(title for title, _, _ in columns) + " |")
    print("| --- |" + " ---: |" * len(columns))
    for part in ORDER:
        print(f"| {part} | " + " | ".join(f"{counts.get((part, side), 0):.1f}"
                                          for _, counts, side in columns) + " |")
    print("| in all | " + " | ".join(
        f"{sum(cost for (_, s), cost in counts.items() if s == side):.1f}"
        for _, counts, side in columns) + " |\n", flush=True)


def build(bin_directory, work, name, *options):
    target = os.path.join(work, "event-path-" + name)
    subprocess.run([os.path.join(bin_directory, "memtrack-cc"), "-O2", *options,
                    os.path.join(ROOT, "bench", name + ".c"), "-o", target], check=True)
    return target


def main():
    bin_directory, work = sys.argv[1:]
    loop, chain = build(bin_directory, work, "loop", "-pthread"), build(bin_directory, work, "chain")
    columns = []
    for clock in ("precise", "coarse"):
        counts = count(work, loop, ["1", str(TIMES)], "clock=" + clock)
        columns += [(f"{side}, {clock}", counts, side) for side in ("allocation", "free")]
    table(columns)
    depths = {depth: count(work, chain, [str(depth), str(TIMES)], "clock=precise")
              for depth in (1, 2, 4, 8, 16)}
    print("| new calls above the allocation | " + " | ".join(map(str, depths)) + " |")
    print("| --- |" + " ---: |" * len(depths))
    print("| instructions for the context | " + " | ".join(
        f"{counts.get((CONTEXT, 'allocation'), 0):.1f}" for counts in depths.values()) + " |")


if __name__ == "__main__":
    main()
