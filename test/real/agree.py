#!/usr/bin/env python3
"""Compare peak and leaked bytes of MemTrack with those of other tools on the same run.

usage: agree.py NAME CASE MEMTRACK TRACE RESULTS

RESULTS has report.json, dhat.log, massif.out, memcheck.log and heaptrack.raw. Peaks are compared with
DHAT's as they are; with heaptrack's without the memory that heaptrack's own library brings; and with
massif's at the moment that massif means, see docs/accuracy.md."""

import json
import re
import subprocess
import sys

name, case, memtrack, trace, results = sys.argv[1:]

# What libstdc++ 12 allocates when it is loaded, as heaptrack's library does.
EMERGENCY_POOL = 72704


class Heap:
    """Live bytes, by what was asked for and, nearly, by what Valgrind's allocator gives: multiples of
    16, and a realloc that fits keeps what there is."""

    def __init__(self):
        self.live = {}
        self.bytes = self.whole = 0
        self.peak = 0
        self.whole_peak = self.bytes_then = 0

    def allocate(self, address, size, given=0):
        self.free(address)
        if size > given:
            given = max(size + 15 & ~15, 16)
        self.live[address] = size, given
        self.bytes += size
        self.whole += given
        self.peak = max(self.peak, self.bytes)

    def free(self, address):
        """Returns what the block had been given."""
        self.look()
        size, given = self.live.pop(address, (0, 0))
        self.bytes -= size
        self.whole -= given
        return given

    def look(self):
        """massif looks for a peak when a block is about to end."""
        if self.whole > self.whole_peak:
            self.whole_peak = self.whole
            self.bytes_then = self.bytes


def from_trace():
    heap = Heap()
    given = {}  # by thread, to the block that a realloc is about
    with subprocess.Popen([memtrack, "dump", "--format", "json", trace], stdout=subprocess.PIPE,
                          text=True) as dump:
        for line in dump.stdout:
            event = json.loads(line)
            if event["op"] == "alloc":
                heap.allocate(event["address"], event["size"])
            elif event["op"] == "free":
                heap.free(event["address"])
            elif event["op"] == "realloc_free":
                given[event["thread"]] = heap.free(event["address"])
            elif event["op"] == "realloc_alloc":
                heap.allocate(event["address"], event["size"], given.pop(event["thread"], 0))
    heap.look()
    return heap


def from_heaptrack():
    heap = Heap()
    pool = 0
    with open(f"{results}/heaptrack.raw") as raw:
        for line in raw:
            if line.startswith("+ "):
                _, size, _, address = line.split()
                size = int(size, 16)
                if size == EMERGENCY_POOL and not pool:
                    pool = size
                    continue
                heap.allocate(address, size)
            elif line.startswith("- "):
                heap.free(line.split()[1])
    return heap, pool


def number_after(path, pattern):
    with open(f"{results}/{path}") as file:
        return tuple(int(n.replace(",", "")) for n in re.search(pattern, file.read()).groups())


def massif_peak():
    with open(f"{results}/massif.out") as file:
        text = file.read()
    (snapshot,) = [part for part in text.split("#-----------\nsnapshot=") if "heap_tree=peak" in part]
    return int(re.search(r"mem_heap_B=(\d+)", snapshot).group(1))


with open(f"{results}/report.json") as file:
    summary = json.load(file)["summary"]
heap = from_trace()
other, pool = from_heaptrack()
dhat_peak, dhat_blocks = number_after("dhat.log", r"At t-gmax: +([0-9,]+) bytes in ([0-9,]+) blocks")
end = number_after("dhat.log", r"At t-end: +([0-9,]+) bytes in ([0-9,]+) blocks")
in_use = number_after("memcheck.log", r"in use at exit: ([0-9,]+) bytes in ([0-9,]+) blocks")
useful = massif_peak()
leaked = (summary["leaked_bytes"], summary["leaked_blocks"])

rows = [
    ("peak bytes: DHAT", summary["peak_bytes"], dhat_peak, ""),
    ("peak blocks: DHAT", summary["peak_blocks"], dhat_blocks, ""),
    ("peak bytes: heaptrack", summary["peak_bytes"], other.peak,
     f"and {pool:,} of its own libstdc++" if pool else ""),
    ("bytes at massif's peak: massif", heap.bytes_then, useful,
     f"{heap.peak - heap.bytes_then:,} less than the peak"),
    ("leaked bytes: memcheck", leaked[0], in_use[0], ""),
    ("leaked blocks: memcheck", leaked[1], in_use[1], ""),
    ("leaked bytes: DHAT", leaked[0], end[0], ""),
    ("leaked bytes: heaptrack", leaked[0], other.bytes, ""),
]
failed = False
for figure, ours, theirs, note in rows:
    good = ours == theirs
    failed |= not good
    print(f"{name:7} {case:10} {'same' if good else 'DIFFER':6} {figure:38} {ours:12,} {theirs:12,}  "
          f"{note}".rstrip())
sys.exit(failed)
