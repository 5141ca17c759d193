#!/usr/bin/env python3
"""rounds.py [-n ROUNDS] [--json FILE] --memtrack MEMTRACK --trace FILE NAME PLAIN TRACKED OPTIONS...

Measures the command PLAIN, and TRACKED with each MEMTRACK_OPTIONS ("record" is none) in turn, after
one round to warm up; the order goes round. Prints for each the medians of its ratios to the plain
program of the same round, with quartiles, since machines are noisy: wall time, CPU time (user and
system, all threads), CPU time of the program's own threads, without the writer's. "Best of each" is
the lowest CPU time of the own threads over the lowest of the plain program: what noise made slower
is out of it. Then events and bytes an event of the trace, and peak resident memory.
"""

import argparse
import collections
import json
import os
import re
import shlex
import subprocess

import measure

Row = collections.namedtuple(
    "Row", "wall cpu own_cpu own_seconds plain_cpu_seconds added_mib added_faults events bytes_per_event writer_ns "
    "events_per_second plain_seconds")


def recorded_events(memtrack, trace):
    text = subprocess.run([memtrack, "info", trace], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"([\d,]+) events recorded", text)[1].replace(",", ""))


def measure_variant(command, options, memtrack, trace):
    """A run, and events and bytes of its trace."""
    if os.path.exists(trace):
        os.unlink(trace)
    value = ":".join(filter(None, [f"output={trace}", "" if options == "record" else options]))
    run = measure.run(command, MEMTRACK_OPTIONS=value)
    if not os.path.exists(trace):
        return run, 0, 0
    return run, recorded_events(memtrack, trace), os.path.getsize(trace)


def make_row(plain, tracked, events, size):
    return Row(wall=tracked.wall / plain.wall,
               cpu=tracked.cpu / plain.cpu,
               own_cpu=(tracked.cpu - tracked.writer) / plain.cpu,
               own_seconds=tracked.cpu - tracked.writer,
               plain_cpu_seconds=plain.cpu,
               added_mib=tracked.rss - plain.rss,
               added_faults=tracked.faults - plain.faults,
               events=events,
               bytes_per_event=size / events if events else 0.0,
               writer_ns=tracked.writer * 1e9 / events if events else 0.0,
               events_per_second=events / plain.wall,
               plain_seconds=plain.wall)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-n", type=int, default=7)
    parser.add_argument("--json")
    parser.add_argument("--memtrack", required=True)
    parser.add_argument("--trace", required=True)
    parser.add_argument("name")
    parser.add_argument("plain", type=shlex.split)
    parser.add_argument("tracked", type=shlex.split)
    parser.add_argument("variants", nargs="+")
    arguments = parser.parse_args()

    rows = {variant: [] for variant in arguments.variants}
    for number in range(arguments.n + 1):
        order = [None, *arguments.variants]
        order = order[number % len(order):] + order[:number % len(order)]
        runs = {}
        for variant in order:
            if variant is None:
                plain = measure.run(arguments.plain)
            else:
                runs[variant] = measure_variant(arguments.tracked, variant, arguments.memtrack,
                                                arguments.trace)
        if number:
            for variant, run in runs.items():
                rows[variant].append(make_row(plain, *run))

    results = []
    for variant, of_variant in rows.items():
        spread = {key: measure.Spread(values)
                  for key, values in zip(Row._fields, zip(*of_variant))}
        best = (min(row.own_seconds for row in of_variant) /
                min(row.plain_cpu_seconds for row in of_variant))
        results.append({"name": arguments.name, "options": variant, "rounds": arguments.n,
                        "own_cpu_best": best, **{key: vars(value) for key, value in spread.items()}})
        print("| {name}, {variant} | {wall} | {cpu} | {own_cpu} | {best:.3f} | {events.median:,.0f} "
              "| {per_second:.1f} M | {bytes_per_event.median:.2f} | {writer_ns.median:.0f} "
              "| {added_mib.median:.0f} MiB | {plain_seconds.median:.1f} s |".format(
                  name=arguments.name, variant=variant, best=best,
                  per_second=spread["events_per_second"].median / 1e6, **spread), flush=True)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
