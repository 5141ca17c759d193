#!/usr/bin/env python3
"""Measures memtrack report on traces, and heaptrack_print on recordings of the same work; makes a
table of it; see analyze.sh."""

import argparse
import os
import re
import subprocess
import sys

import measure
import report
import results

BEGIN = "<!-- figures of the analyzer: written by bench/analyze.sh --update-docs -->"
END = "<!-- end of the analyzer's figures -->"

COLUMNS = ("workload", "events", "trace", "wall", "CPU", "M events/s", "RSS", "heaptrack_print, wall",
           "CPU", "M events/s", "RSS", "wall, ratio")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, help="where memtrack is")
    parser.add_argument("--llvm", required=True)
    parser.add_argument("--traces", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--timeout", type=float, required=True, help="seconds a run may take")
    parser.add_argument("--json", required=True)
    parser.add_argument("--docs")
    parser.add_argument("workloads", nargs="+")
    return parser.parse_args()


def say(text):
    print(text, file=sys.stderr, flush=True)


def events_of(memtrack, trace):
    said = subprocess.run([memtrack, "info", trace], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"([\d,]+) events recorded", said)[1].replace(",", ""))


class Workload:
    """One trace, its recording, and what reading them cost, round by round."""

    def __init__(self, name, arguments):
        self.name, self.timeout = name, arguments.timeout
        trace = os.path.join(arguments.traces, f"{name}.mtrace")
        recording = os.path.join(arguments.traces, f"{name}.heaptrack.zst")
        memtrack = os.path.join(arguments.bin, "memtrack")
        self.commands = {"memtrack": [memtrack, "report", trace]}
        if os.path.exists(recording):
            self.commands["heaptrack"] = ["heaptrack_print", recording]
        self.entry = {"events": events_of(memtrack, trace), "bytes": os.path.getsize(trace),
                      "date": results.now(), "load": os.getloadavg()[0], "tools": {}}

    def round(self, number):
        for tool, command in self.commands.items():
            try:
                run = measure.run(command, dict(os.environ), None, self.timeout, others=())
                self.entry["tools"].setdefault(tool, []).append(
                    {"wall": run.wall, "cpu": run.cpu, "rss": run.rss})
                said = f"{run.wall:.2f} s"
            except (measure.Failed, OSError) as failure:
                said = str(failure)
            say(f"{self.name}: round {number}: {tool}: {said}")


def median(runs, key):
    spread = measure.spread(run[key] for run in runs)
    return spread["median"] if spread else None


def cells(runs, events):
    if not runs:
        return ["-"] * 4
    wall = median(runs, "wall")
    return [f"{wall:.2f} s", f"{median(runs, 'cpu'):.2f} s", f"{events / wall / 1e6:.1f}",
            f"{median(runs, 'rss'):.0f} MiB"]


def row(name, entry):
    own, other = (entry["tools"].get(tool, []) for tool in ("memtrack", "heaptrack"))
    ratio = f"{median(other, 'wall') / median(own, 'wall'):.1f}" if own and other else "-"
    return report.line([name, f"{entry['events']:,}", f"{entry['bytes'] / 2**20:.1f} MiB",
                        *cells(own, entry["events"]), *cells(other, entry["events"]), ratio])


def doubling(entries):
    """What twice the events take, where there are both."""
    if not all(name in entries and entries[name]["tools"].get("memtrack")
               for name in ("lua-100", "lua-200")):
        return []
    half, whole = (entries[name] for name in ("lua-100", "lua-200"))
    wall, cpu, rss = (median(whole["tools"]["memtrack"], key) / median(half["tools"]["memtrack"], key)
                      for key in ("wall", "cpu", "rss"))
    return ["", f"From lua-100 to lua-200 there are {whole['events'] / half['events']:.2f} times as "
            f"many events; report takes {wall:.2f} times the time, {cpu:.2f} times the CPU and "
            f"{rss:.2f} times the memory."]


def table(machine, rounds, entries):
    loads = [entry["load"] for entry in entries.values()]
    return "\n".join([
        f"{machine.get('cores')} cores ({machine.get('cpu')}), Linux {machine.get('kernel')}; "
        f"MemTrack {results.commit()}, {machine.get('heaptrack', 'no heaptrack')}; medians of "
        f"{report.count(rounds, 'round')}, {results.now()}, load {min(loads):.1f} to "
        f"{max(loads):.1f} before.", "",
        *report.head(COLUMNS), *(row(name, entry) for name, entry in entries.items()),
        *doubling(entries)]) + "\n"


def main():
    arguments = parse_arguments()
    workloads = [Workload(name, arguments) for name in arguments.workloads]
    for number in range(1, arguments.rounds + 1):
        for workload in workloads:
            workload.round(number)
    entries = {workload.name: workload.entry for workload in workloads}
    machine = results.machine(arguments.llvm)
    results.save(arguments.json, {"machine": machine, "build": results.build_of(arguments.bin),
                                  "commit": results.commit(), "workloads": entries})
    figures = table(machine, arguments.rounds, entries)
    print(figures, end="")
    if not all(entry["tools"].get("memtrack") for entry in entries.values()):
        sys.exit("analyze.py: not all traces could be read")
    if arguments.docs:
        with open(arguments.docs) as docs:
            text = docs.read()
        with open(arguments.docs, "w") as docs:
            docs.write(report.replace_figures(text, figures, BEGIN, END))


if __name__ == "__main__":
    main()
