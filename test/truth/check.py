"""check.py MEMTRACK PROGRAM FIRST LAST [--each]: runs PROGRAM with the seeds FIRST to LAST, and what
MEMTRACK says of the trace is the truth that the program printed: every figure of every function, and
exactly the findings that were planted. --each: also with every plant alone."""

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


def expect(what, is_, should_be):
    if is_ != should_be:
        wrong.append("%s: is %s, should be %s" % (what, is_, should_be))


def ask(*arguments):
    return json.loads(subprocess.run([memtrack, *arguments, "--format", "json", trace],
                                     stdout=subprocess.PIPE, check=True).stdout)


def function_of(row):
    """The first that is not folded, without its parameters."""
    return row["frames"][row["folded"]]["function"].split("(")[0] if row["frames"] else None


def check_report():
    """The figures of each function, and the sums of all."""
    report = ask("report")
    rows = {}
    for context in report["contexts"]:
        rows.setdefault(function_of(context), []).append(context)
    for function in truth["functions"]:
        for key, value in function.items():
            if key not in ("function", "evidence", "finding"):
                of = rows.get(function["function"], [])
                expect("%s of %s" % (key, function["function"]), sum(c[key] for c in of), value)
    expect("freed by others", sum(t["freed_by_others"] for t in report["threads"]),
           truth["freed_by_others"])
    expect("complete", report["summary"]["complete"], True)


def check_evidence(finding, function):
    for key, value in function.get("evidence", {}).items():
        if key in finding:
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


def check_run(seed, *plants):
    """Runs the program; false, and says what is wrong, if anything is."""
    global truth
    wrong.clear()
    if os.path.exists(trace):
        os.remove(trace)
    truth = json.loads(subprocess.run([program, str(seed), *plants], stdout=subprocess.PIPE,
                                      env={**os.environ, "MEMTRACK_OPTIONS": "output=" + trace},
                                      check=True).stdout)
    for check in (check_report, check_advice):
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
