#!/usr/bin/env python3
"""pairs.py [-n RUNS] [--json FILE] NAME PLAIN TRACKED [TRACE]

Runs the shell commands PLAIN and TRACKED alternately, RUNS times each after one run to warm up, and
prints the medians of TRACKED over PLAIN: wall time, CPU time (user and system, all threads), CPU time
of the program's own threads (less what the writer says it used), and peak resident memory. TRACE is
the trace that TRACKED leaves, for events and bytes an event. Machines are noisy: the spread printed
is from the lower to the upper quartile of the ratios.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import time


def run(command):
    start = time.monotonic()
    process = subprocess.Popen(["sh", "-c", "exec " + command], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    if status:
        raise SystemExit(f"failed with status {status}: {command}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def trace_facts(memtrack, trace):
    """Events, bytes and the writer's CPU seconds, from `memtrack info`."""
    text = subprocess.run([memtrack, "info", trace], capture_output=True, text=True, check=True).stdout
    events = int(re.search(r"([\d,]+) events recorded", text)[1].replace(",", ""))
    amount, unit = re.search(r"writer ([\d.]+) (\S+) of CPU", text).groups()
    scale = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1}[unit]
    return events, os.path.getsize(trace), float(amount) * scale


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-n", type=int, default=7)
    parser.add_argument("--json")
    parser.add_argument("--memtrack", default="memtrack")
    parser.add_argument("name")
    parser.add_argument("plain")
    parser.add_argument("tracked")
    parser.add_argument("trace", nargs="?")
    options = parser.parse_args()

    rows = []
    for i in range(options.n + 1):
        plain, tracked = run(options.plain), run(options.tracked)
        events, size, writer = (trace_facts(options.memtrack, options.trace) if options.trace
                                else (0, 0, 0.0))
        if i:
            rows.append({
                "wall": tracked[0] / plain[0],
                "cpu": tracked[1] / plain[1],
                "own_cpu": (tracked[1] - writer) / plain[1],
                "added_mib": tracked[2] - plain[2],
                "events": events,
                "bytes_per_event": size / events if events else 0.0,
                "writer_ns": writer * 1e9 / events if events else 0.0,
                "events_per_second": events / plain[0],
            })

    result = {"name": options.name, "runs": options.n}
    for key in rows[0]:
        values = sorted(row[key] for row in rows)
        low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
        result[key] = {"median": statistics.median(values), "low": low, "high": high}
    if options.json:
        with open(options.json, "w") as file:
            json.dump(result, file, indent=1)
    spread = lambda key: "{median:.2f} ({low:.2f}-{high:.2f})".format(**result[key])
    print(f"| {options.name} | {spread('wall')} | {spread('cpu')} | {spread('own_cpu')} "
          f"| {result['events']['median']:,.0f} | {result['events_per_second']['median'] / 1e6:.1f} M "
          f"| {result['bytes_per_event']['median']:.2f} | {result['writer_ns']['median']:.0f} "
          f"| {result['added_mib']['median']:.0f} MiB |", flush=True)


if __name__ == "__main__":
    main()
