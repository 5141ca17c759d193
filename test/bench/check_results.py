#!/usr/bin/env python3
"""check_results.py RESULTS TABLE: what bench/run.sh printed and saved of loop-2 and handoff under
none and precise, and of compiling them, is all there."""

import json
import re
import sys

COLUMNS = ["tool", "wall", "CPU", "CPU, own threads", "CPU, writer", "writer ns/event",
           "added ns/event", "added RSS", "bytes/event", "M events/s", "goal", "met"]
RUN = {"wall", "whole", "cpu", "own", "rss", "helpers", "faults", "threads", "bytes"}
# Of the threads, and of what the program itself makes; libc adds a few.
EXPECTED = {"loop-2": (3, 2000000), "handoff": (5, 2 * 2 * 2000 * 65)}

with open(sys.argv[1]) as file:
    results = json.load(file)
with open(sys.argv[2]) as file:
    table = file.read()

for key in ("cores", "cpu", "kernel", "clang", "gcc", "system"):
    assert results["machine"].get(key), f"no {key} of the machine"
assert results["build"] and set(results["workloads"]) == set(EXPECTED), results["workloads"].keys()
for name, (threads, events) in EXPECTED.items():
    entry = results["workloads"][name]
    assert entry["date"] and entry["rounds"] == 1 and entry["load"] >= 0
    assert entry["threads"] == threads, entry["threads"]
    assert events <= entry["events"] < events + 100, entry["events"]
    assert set(entry["tools"]) == {"none", "precise"}
    for tool, of_tool in entry["tools"].items():
        assert "note" not in of_tool, of_tool
        run, = of_tool["runs"]
        assert RUN <= set(run), run
        assert run["wall"] > 0 and run["rss"] > 0 and 0 < run["own"], run
        assert run["threads"] == threads, run
        assert run["helpers"] == 0, run
        if tool == "none":
            assert run["bytes"] == 0, run
        else:
            # The writer's share is in the CPU time only.
            assert run["own"] < run["cpu"] and run["bytes"] > 0, run
            assert run["recorded"] == entry["events"] and run["writer_said_ns"] > 0, run
    compiled = entry["compile"]
    assert 0 < compiled["plain"]["text"] < compiled["tracked"]["text"], compiled
    assert all(len(compiled[kind]["seconds"]) == 1 for kind in ("plain", "tracked"))

    part = table.split(f"#### {name}\n")[1].split("\n####")[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")]
             for line in part.splitlines() if line.startswith("|")]
    assert lines[0] == COLUMNS, lines[0]
    (row,) = lines[2:]
    assert len(row) == len(COLUMNS) and row[0] == "precise", row
    for cell in row[1:4] + row[6:7]:
        assert re.fullmatch(r"-?[\d.]+ \(one run\)", cell), row
    assert re.fullmatch(r"-?\d+ MiB", row[7]) and float(row[8]) > 0 and float(row[9]) > 0, row
    assert "added MiB" in row[10] and re.search("yes|no", row[11]), row
assert re.search(r"^\| loop \| [\d,]+ \| [\d.]+ \|", table.split("#### Compiling")[1], re.M), table
