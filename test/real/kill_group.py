#!/usr/bin/env python3
"""kill_group.py [--seed N] [--heaptrack | --memtrack MEMTRACK] --traces DIRECTORY COUNTERS HOSTILE

Starts "HOSTILE kill" in a process group of its own, kills the group at a random moment, and compares
what each of its threads wrote down, in COUNTERS, with what its trace has: every event that the thread
had completed, in order. Prints a line; exits with 1 if an event is missing.
"""

import argparse
import glob
import os
import random
import signal
import struct
import subprocess
import sys
import time

THREADS, SIZES = 4, 1000
COUNTER = struct.Struct("=qii48x")


def read_counters(path):
    """Completed events by thread."""
    with open(path, "rb") as file:
        counters = list(COUNTER.iter_unpack(file.read()))
    return {tid: completed for completed, _, tid in counters if tid != 0}


def read_thread_ids(memtrack, trace):
    """The system's numbers of the trace's threads; see the table of memtrack info."""
    threads, in_table = {}, False
    info = subprocess.run([memtrack, "info", trace], text=True, stdout=subprocess.PIPE, check=True)
    for line in info.stdout.splitlines():
        fields = line.split()
        if fields[:2] == ["thread", "tid"]:
            in_table = True
        elif in_table and len(fields) > 2 and fields[0].isdigit() and fields[1].isdigit():
            threads[fields[0]] = int(fields[1])
    return threads


def read_recorded(memtrack, trace):
    """How many events of each thread the trace has without a gap."""
    recorded, threads = {}, read_thread_ids(memtrack, trace)
    with subprocess.Popen([memtrack, "dump", trace], text=True, stdout=subprocess.PIPE) as dump:
        last = {}
        for line in dump.stdout:
            fields = line.split(None, 5)
            tid = threads[fields[1]]
            # What libc allocates to start a thread comes before the thread's own events.
            number = recorded.setdefault(tid, 0)
            if number % 2 == 0:
                good = fields[2] == "alloc" and int(fields[4]) == 1 + number // 2 % SIZES
                last[tid] = fields[3]
            else:
                good = fields[2] == "free" and fields[3] == last[tid]
            if good:
                recorded[tid] = number + 1
            elif number > 0 and is_own(fields):
                raise SystemExit(f"thread {tid}: after {number} events: {line.strip()}")
    return recorded


def is_own(fields):
    return "run_until_killed" in fields[-1]


def run_and_kill(command, environment, seconds):
    with subprocess.Popen(command, env=environment, start_new_session=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--heaptrack", action="store_true")
    parser.add_argument("--memtrack")
    parser.add_argument("--traces", required=True)
    parser.add_argument("counters")
    parser.add_argument("hostile")
    options = parser.parse_args()
    random.seed(options.seed)

    command = [options.hostile, "kill", options.counters, str(THREADS)]
    environment = dict(os.environ, MEMTRACK_OPTIONS=f"output={options.traces}/")
    if options.heaptrack:
        command = ["heaptrack", "--raw", "-o", f"{options.traces}/data"] + command
    run_and_kill(command, environment, random.uniform(0.1, 0.4) + options.heaptrack)
    time.sleep(options.heaptrack)

    completed = read_counters(options.counters)
    total, found = sum(completed.values()), 0
    if options.heaptrack:
        raw = subprocess.run(f"zstd -qdc {options.traces}/*.zst 2>/dev/null | grep -c '^[+-] '",
                             shell=True, text=True, stdout=subprocess.PIPE, check=False)
        print(f"{int(raw.stdout):,} of {total:,} events of {len(completed)} threads")
        return
    recorded = {}
    for trace in glob.glob(f"{options.traces}/*.mtrace"):
        recorded.update(read_recorded(options.memtrack, trace))
    missing = 0
    for tid, count in completed.items():
        missing += max(0, count - recorded.get(tid, 0))
        found += min(count, recorded.get(tid, 0))
    print(f"{found:,} of {total:,} completed events of {len(completed)} threads recorded")
    sys.exit(missing > 0 or not completed)


if __name__ == "__main__":
    main()
