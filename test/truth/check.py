"""check.py MEMTRACK PROGRAM FIRST LAST [--each]: runs PROGRAM with the seeds FIRST to LAST, and what
MEMTRACK says of the trace is the truth that the program printed: every figure of every function, and
exactly the findings that were planted. --each: also with every plant alone, for which the report and
the advice are looked at."""

import json
import os
import subprocess
import sys
import tempfile

memtrack, program, first, last, *options = sys.argv[1:]
directory = tempfile.mkdtemp()
trace = os.path.join(directory, "trace")
truth = {}
wrong = []

# A word that happens to hold the address of a lost block keeps it and what it points to, or looks as
# if it did: some blocks of at most 400 bytes, of hundreds.
MAY_BE_KEPT = 6


def expect(what, is_, should_be):
    if is_ != should_be:
        wrong.append("%s: is %s, should be %s" % (what, is_, should_be))


def ask(*arguments):
    return json.loads(subprocess.run([memtrack, *arguments, "--format", "json", trace],
                                     stdout=subprocess.PIPE, check=True).stdout)


def function_of(row):
    """The first that is not folded, without its parameters."""
    return row["frames"][row["folded"]]["function"].split("(")[0] if row["frames"] else None


def by_function(rows):
    found = {}
    for row in rows:
        found.setdefault(function_of(row), []).append(row)
    return found


def counted():
    return [f for f in truth["functions"] if "evidence" in f]


FIGURES = ("allocations", "allocated_bytes", "frees", "leaked_bytes", "leaked_blocks",
           "peak_bytes", "temporary")


def check_report():
    """The figures of each function, and the sums of all."""
    report = ask("report")
    rows = by_function(report["contexts"])
    for function in truth["functions"]:
        for key, value in function.items():
            if key in FIGURES:
                of = rows.get(function["function"], [])
                expect("%s of %s" % (key, function["function"]), sum(c[key] for c in of), value)
    expect("freed by others", sum(t["freed_by_others"] for t in report["threads"]),
           truth["freed_by_others"])
    expect("complete", report["summary"]["complete"], True)


def check_evidence(finding, function):
    for key, value in function.get("evidence", {}).items():
        if finding["kind"] == "leak" and key in finding:
            expect("%s of the leak in %s" % (key, function["function"]),
                   abs(value - finding[key]) <= MAY_BE_KEPT * 400, True)
        elif key in finding:
            expect("%s of the %s in %s" % (key, finding["kind"], function["function"]),
                   finding[key], value)
    if finding["kind"] == "growth":
        expect("leaked_bytes of the growth in " + function["function"], finding["leaked_bytes"],
               function["leaked_bytes"])
    if finding["kind"] == "cross_thread":
        expect("frees of the pairs", sum(p["frees"] for p in finding["pairs"]),
               function["evidence"]["cross_thread_frees"])


def check_advice():
    """What is found, and where. A thread has no function: it is known by what it holds."""
    findings = ask("advise", "--min-saves", "0")["findings"]
    functions = {f["function"]: f for f in truth["functions"]}
    planted = {(f["finding"], None if f["finding"] == "thread_peak" else f["function"])
               for f in truth["functions"] if f["finding"]}
    found = [(f["kind"], function_of(f)) for f in findings]
    expect("findings", sorted(found, key=str), sorted(planted, key=str))
    for finding in findings:
        function = functions.get(function_of(finding))
        if function:
            check_evidence(finding, function)
        elif finding["kind"] == "thread_peak":
            (hoard,) = [f for f in truth["functions"] if f["finding"] == "thread_peak"]
            expect("held_bytes", finding["held_bytes"], hoard["peak_bytes"])


def check_leaks():
    """What is lost, and what is not."""
    rows = by_function(ask("leaks")["contexts"])
    for function in counted():
        found = rows.get(function["function"], [])
        name = " of " + function["function"]
        lost = sum(c["unreachable_blocks"] for c in found)
        expect("unreachable and reachable bytes" + name,
               sum(c["unreachable_bytes"] + c["reachable_bytes"] for c in found),
               function["leaked_bytes"])
        if function["finding"] == "leak":
            expect("lost blocks" + name, function["leaked_blocks"] - MAY_BE_KEPT <= lost, True)
        else:
            expect("lost blocks" + name, lost, 0)


def check_threads():
    """Who frees what others allocate."""
    view = ask("threads")
    number = {t["id"]: int(t["name"][7:]) if t["name"].startswith("worker ") else 0
              for t in view["threads"]}
    expect("pairs of threads",
           sorted((number[p["allocated_by"]], number[p["freed_by"]], p["blocks"], p["bytes"])
                  for p in view["thread_pairs"]),
           sorted((p["from"], p["to"], p["blocks"], p["bytes"]) for p in truth.get("pairs", [])))


def check_timeline():
    """Both halves. What libraries allocate when a thread begins is in the first one."""
    (timeline,) = ask("timeline")["timelines"]
    second = [p for p in timeline["phases"] if p["name"] == "second half"]
    for key, value in truth["halves"][1].items():
        if key != "half":
            expect(key + " of the second half", sum(p[key] for p in second), value)
    expect("all allocations", sum(timeline["allocations"]), ask("report")["summary"]["allocations"])


def check_moment():
    """Who held the memory at the middle of the run."""
    (mark,) = [p for p in ask("report")["phases"] if p["name"] == "second half"]
    rows = by_function(ask("peak", "--at", "%dns" % mark["time_ns"])["contexts"])
    for function in counted():
        expect("bytes in the middle of " + function["function"],
               sum(c["peak_bytes"] for c in rows.get(function["function"], [])),
               function["at_mark"])


def check_lifetimes():
    """Sizes, by powers of two; and lifetimes of what lived long, which the program timed itself."""
    rows = by_function(ask("lifetimes")["contexts"])
    for function in counted():
        sizes = {}
        for context in rows.get(function["function"], []):
            below = context["sizes"]["below_bytes"]
            for blocks in context["sizes"]["blocks"]:
                sizes[str(below)] = sizes.get(str(below), 0) + blocks
                below *= 2
        expect("sizes of " + function["function"], {k: v for k, v in sizes.items() if v},
               function["sizes"])
        lived = sum(c["lifetime_ns"] for c in rows.get(function["function"], []))
        if function["lifetime_ns"] > 1e7 * function["frees"] > 0:
            expect("lifetimes of %s: %d ns are about %d" %
                   (function["function"], lived, function["lifetime_ns"]),
                   abs(lived / function["lifetime_ns"] - 1) < 0.1, True)


def check_run(seed, *plants):
    """Runs the program; false, and says what is wrong, if anything is."""
    global truth
    wrong.clear()
    if os.path.exists(trace):
        os.remove(trace)
    truth = json.loads(subprocess.run([program, str(seed), *plants], stdout=subprocess.PIPE,
                                      env={**os.environ, "MEMTRACK_OPTIONS": "output=" + trace},
                                      check=True).stdout)
    checks = [check_report, check_advice]
    if not plants:
        checks += [check_leaks, check_moment, check_lifetimes]
        checks += [check_threads, check_timeline] if "halves" in truth else []
    for check in checks:
        check()
    for line in wrong:
        print("wrong:", " ".join((os.path.basename(program), str(seed), *plants)) + ":", line)
    return not wrong


def check_seed(seed):
    good = check_run(seed)
    planted = [f["function"] for f in truth["functions"] if f["finding"]]
    for plant in planted if "--each" in options else []:
        good &= check_run(seed, plant)
    return good


results = [check_seed(seed) for seed in range(int(first), int(last) + 1)]
if os.path.exists(trace):
    os.remove(trace)
os.rmdir(directory)
sys.exit(not all(results))
