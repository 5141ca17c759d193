#!/usr/bin/env python3
"""Measures one workload under several tools and adds it to a file of results; see run.sh.

In each round every tool runs once, and the order goes round; the first round warms up and does not
count. A tool that fails there is not run again. Ratios are of runs of one round, since machines are
noisy. What the runs print and leave is dropped when its size is taken.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys

import compile_cost
import measure
import results
import tools


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", required=True)
    for command in ("plain", "tracked", "memprof", "short"):
        parser.add_argument(f"--{command}", type=shlex.split, default=[])
    parser.add_argument("--compile", type=shlex.split, default=[],
                        help="directory, C or C++, and the compiler's arguments")
    parser.add_argument("--repeat", type=int, default=1,
                        help="times that each run starts the program, one after the other")
    parser.add_argument("--inputs", choices=("long", "short"), default="long")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--timeout", type=float, required=True, help="seconds a run may take")
    parser.add_argument("--bin", required=True, help="where memtrack is")
    parser.add_argument("--llvm", required=True)
    parser.add_argument("--nothing", required=True, help="an instrumented program without work")
    parser.add_argument("--scratch", required=True, help="a directory for what runs leave")
    parser.add_argument("--json", required=True)
    parser.add_argument("--resume", action="store_true",
                        help="leave a workload that has these tools and as many rounds as it is")
    parser.add_argument("tools", nargs="+")
    return parser.parse_args()


def say(text):
    print(text, file=sys.stderr, flush=True)


def empty(directory):
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)


def bytes_below(directory):
    return sum(os.lstat(os.path.join(where, name)).st_size
               for where, _, names in os.walk(directory) for name in names)


def trace_facts(memtrack, trace):
    """Events recorded, and the nanoseconds that the writer says it took to encode and write."""
    text = subprocess.run([memtrack, "info", trace], capture_output=True, text=True,
                          check=False).stdout
    facts = {}
    events = re.search(r"([\d,]+) events recorded", text)
    if events:
        facts["recorded"] = int(events[1].replace(",", ""))
    writer = re.search(r"writer ([\d.]+) (s|ms|us|µs|ns) of CPU", text)
    if writer:
        facts["writer_said_ns"] = float(writer[1]) * {"s": 1e9, "ms": 1e6, "ns": 1}.get(writer[2], 1e3)
    return facts


class Workload:
    def __init__(self, arguments):
        self.arguments = arguments
        self.commands = tools.Commands(arguments.plain, arguments.tracked, arguments.memprof,
                                       arguments.short)
        self.directory = os.path.join(arguments.scratch, "run")
        self.entries = {}  # of tools: "runs", one a round, None for one that failed; "note"

    def run(self, name):
        """One run, as a dictionary: sums, and the largest of the peaks, where the program is so
        short that it is started several times."""
        times = 1 if tools.tool(name).build == "short" else self.arguments.repeat
        runs = [self.run_once(name) for _ in range(times)]
        return {key: max(run[key] for run in runs) if key in ("rss", "helpers", "threads")
                else sum(run[key] for run in runs) for key in runs[0]}

    def run_once(self, name):
        empty(self.directory)
        which = tools.tool(name)
        command, environment = tools.command_of(name, self.commands, self.directory)
        program = getattr(self.commands, which.build)[0] if which.program else None
        run = measure.run(command, environment, program, self.arguments.timeout, which.limits)
        run = {**run._asdict(), "bytes": bytes_below(self.directory)}
        trace = os.path.join(self.directory, "trace")
        if os.path.exists(trace):
            run.update(trace_facts(os.path.join(self.arguments.bin, "memtrack"), trace))
        empty(self.directory)
        return run

    def note(self, name, text):
        self.entries[name]["note"] = text
        say(f"{self.arguments.workload}: {name}: {text}")

    def choose(self):
        """The tools that can be run, and what they are compared with."""
        names = list(self.arguments.tools)
        chosen = []
        for name in names:
            self.entries[name] = {"runs": []}
            reason = tools.reason_to_skip(name, self.commands, self.arguments.nothing)
            if reason:
                self.note(name, f"skipped: {reason}")
                continue
            for needed in ("none" if name != "dhat" else None, tools.tool(name).base, name):
                if needed and needed not in chosen:
                    chosen.append(needed)
        for name in chosen:
            self.entries.setdefault(name, {"runs": []})
        return chosen

    def round(self, number, names):
        at = number % len(names)
        failed = []
        for name in names[at:] + names[:at]:
            try:
                run = self.run(name)
                said = f"{run['wall']:.2f} s"
            except (measure.Failed, OSError) as failure:
                run, said = None, str(failure)
                failed.append(name)
                self.note(name, f"fails: {failure}")
            say(f"{self.arguments.workload}: "
                f"{f'round {number} of {self.arguments.rounds}' if number else 'warm-up'}: "
                f"{name}: {said}")
            if number:
                self.entries[name]["runs"].append(run)
        return failed

    def measure(self):
        """All rounds; returns how many events the program makes, and its threads."""
        names = self.choose()
        failed = self.round(0, names) if names else []
        names = [name for name in names if name not in failed]
        names = [name for name in names if tools.tool(name).base in (None, *names)]
        for number in range(1, self.arguments.rounds + 1 if names else 0):
            self.round(number, names)
        counted = [run for run in self.entries.get("precise", {"runs": []})["runs"] if run]
        if not counted and self.commands.tracked:
            try:
                counted = [self.run("precise")]
            except (measure.Failed, OSError) as failure:
                say(f"{self.arguments.workload}: events are not known: {failure}")
        spread = measure.spread(run.get("recorded") for run in counted)
        plain = [run for run in self.entries.get("none", {"runs": []})["runs"] if run]
        return spread and spread["median"], plain and plain[-1]["threads"] or None


def is_done(entry, arguments):
    done = entry.get("tools", {})
    wanted = [name for name in arguments.tools if name != "compile"]
    same = (entry.get("rounds"), entry.get("inputs")) == (arguments.rounds, arguments.inputs)
    return (same and all(name in done for name in wanted) and
            ("compile" not in arguments.tools or "compile" in entry))


def main():
    arguments = parse_arguments()
    file = results.open_results(arguments.json, results.machine(arguments.llvm),
                                results.build_of(arguments.bin))
    if arguments.resume and is_done(file["workloads"].get(arguments.workload, {}), arguments):
        say(f"{arguments.workload}: is in {arguments.json}")
        return

    entry = {"date": results.now(), "load": os.getloadavg()[0], "rounds": arguments.rounds,
             "inputs": arguments.inputs}
    if "compile" in arguments.tools:
        arguments.tools.remove("compile")
        try:
            entry["compile"] = compile_cost.measure_compiler(
                arguments.compile, arguments.rounds, arguments.bin, arguments.llvm)
        except (measure.Failed, OSError, subprocess.CalledProcessError) as failure:
            entry["compile"] = {"note": str(failure)}
            say(f"{arguments.workload}: compile: {failure}")
    os.makedirs(arguments.scratch, exist_ok=True)
    workload = Workload(arguments)
    entry["events"], entry["threads"] = workload.measure() if arguments.tools else (None, None)
    entry["tools"] = workload.entries
    file["workloads"][arguments.workload] = entry
    results.save(arguments.json, file)


if __name__ == "__main__":
    main()
