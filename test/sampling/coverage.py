#!/usr/bin/env python3
"""coverage.py --bin DIR [--seeds FIRST-LAST] [--at-least SHARE] [SAMPLE...]

Whether estimates are right: runs program.c once with everything recorded, then with each way of
sampling for each seed, and counts how often the truth lies within two standard errors of the
estimate, for the 20 contexts that allocate most bytes. With a normal distribution that is so in
95.4 % of cases. A context without a sample has an estimate of 0 with an error of 0: a miss.

Exits with 1 if, for any way, the bytes or the counts of allocations are covered in less than the
share given.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

FIGURES = ["allocated_bytes", "allocations", "frees", "leaked_bytes", "leaked_blocks"]
DEMANDED = FIGURES[:2]
TOTALS = FIGURES + ["peak_bytes"]
TOP = 20


def run(command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout


class Runner:
    def __init__(self, bin_dir, work):
        self.memtrack = os.path.join(bin_dir, "memtrack")
        self.program = os.path.join(work, "program")
        self.trace = os.path.join(work, "trace")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "program.c")
        run([os.path.join(bin_dir, "memtrack-cc"), "-O1", "-g", "-fno-builtin", source, "-o",
             self.program])

    def report(self, options):
        if os.path.exists(self.trace):
            os.remove(self.trace)
        run([self.program], env={"PATH": os.environ["PATH"],
                                 "MEMTRACK_OPTIONS": "output=%s%s" % (self.trace, options)})
        return json.loads(run([self.memtrack, "report", "--format", "json", self.trace]))


class Count:
    def __init__(self):
        self.hits = self.cases = 0
        self.error = self.relative = 0.0

    def add(self, truth, estimate, error):
        self.cases += 1
        self.hits += abs(estimate - truth) <= 2 * error + 0.5
        self.error += (estimate - truth) / truth if truth else 0
        self.relative += error / truth if truth else 0

    def share(self):
        return self.hits / self.cases


def cover(runner, sample, seeds, truth):
    top = sorted(truth["contexts"], key=lambda c: -c["allocated_bytes"])[:TOP]
    counts = {figure: Count() for figure in FIGURES}
    totals = {figure: Count() for figure in TOTALS}
    recorded = {context["hash"]: [] for context in top}
    for seed in seeds:
        report = runner.report(":sample=%s:sample_seed=%d" % (sample, seed))
        assert report["summary"]["estimated"] and report["summary"]["unmatched_frees"] == 0
        estimates = {context["hash"]: context for context in report["contexts"]}
        for context in top:
            estimate = estimates.get(context["hash"], {})
            recorded[context["hash"]].append(estimate.get("recorded_allocations", 0))
            for figure in FIGURES:
                counts[figure].add(context[figure], estimate.get(figure, 0),
                                   estimate.get(figure + "_error", 0))
        for figure in TOTALS:
            totals[figure].add(truth["summary"][figure], report["summary"][figure],
                               report["summary"][figure + "_error"])
    means = sorted(sum(list) / len(list) for list in recorded.values())
    print("%s, %d seeds, top %d contexts with %.0f to %.0f samples in the mean" %
          (sample, len(seeds), len(top), means[0], means[-1]))
    for name, group in [("", counts), ("total ", totals)]:
        for figure, count in group.items():
            # Its own standard error is that of independent cases.
            print("  %-22s %6.2f %% of %5d within 2 standard errors; bias %+.2f %%, error %.2f %%" %
                  (name + figure, 100 * count.share(), count.cases, 100 * count.error / count.cases,
                   100 * count.relative / count.cases))
    return min(counts[figure].share() for figure in DEMANDED)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--seeds", default="1-200")
    parser.add_argument("--at-least", type=float, default=0.93)
    parser.add_argument("sample", nargs="*", default=["tiered", "poisson:64K"])
    arguments = parser.parse_args()
    first, last = map(int, arguments.seeds.split("-"))
    lowest = 1.0
    with tempfile.TemporaryDirectory() as work:
        runner = Runner(arguments.bin, work)
        truth = runner.report("")
        for sample in arguments.sample:
            lowest = min(lowest, cover(runner, sample, range(first, last + 1), truth))
    if lowest < arguments.at_least:
        sys.exit("covered in %.2f %% only" % (100 * lowest))


main()
