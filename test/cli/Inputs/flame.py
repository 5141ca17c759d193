"""flame.py MEMTRACK TRACE: folded stacks against the JSON report: for each cost and unit, the sum of
the lines is the summary's figure; unfolded, the stacks have the contexts' shapes."""
import collections
import json
import subprocess
import sys

memtrack, trace = sys.argv[1:]
FIGURES = {
    ("peak", "bytes"): "peak_bytes",
    ("peak", "count"): "peak_blocks",
    ("allocated", "bytes"): "allocated_bytes",
    ("allocated", "count"): "allocations",
    ("leaked", "bytes"): "leaked_bytes",
    ("leaked", "count"): "leaked_blocks",
    ("temporary", "bytes"): "temporary_bytes",
    ("temporary", "count"): "temporary",
    ("count", None): "allocations",
}


def run(*arguments):
    return subprocess.run([memtrack, *arguments, trace], check=True, capture_output=True).stdout


def stacks(*arguments):
    found = {}
    lines = run("flame", *arguments).decode("utf-8").splitlines()
    assert lines == sorted(lines, key=lambda line: line.encode()), "not sorted"
    for line in lines:
        stack, value = line.rsplit(" ", 1)
        assert stack not in found, "twice: " + stack
        assert int(value) > 0, "zero: " + stack
        found[stack] = int(value)
    return found


def shape(context):
    """Names are shortened, so that stacks are compared by their frames and the inlined of them."""
    return len(context["frames"]), sum(frame["inlined"] for frame in context["frames"])


report = json.loads(run("report", "--format", "json"))
for (cost, unit), key in FIGURES.items():
    arguments = ["--cost", cost] + (["--unit", unit] if unit else [])
    expected = collections.Counter()
    for context in report["contexts"]:
        if context[key]:
            expected[shape(context)] += context[key]
    for fold in ([], ["--no-fold"]):
        found = stacks(*arguments, *fold)
        total = sum(found.values())
        assert total == report["summary"][key], (cost, unit, fold, total)
    shapes = collections.Counter()
    for stack, value in found.items():
        frames = stack.split(";")
        shapes[len(frames), sum(frame.endswith("_[i]") for frame in frames)] += value
    assert shapes == expected, (cost, unit, shapes, expected)
print("flame graphs agree with the report")
