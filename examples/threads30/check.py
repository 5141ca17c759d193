#!/usr/bin/env python3
"""Hold a report of threads30 against the truth the program printed.

usage: check.py TRUTH.json REPORT.json [--contexts]

Both are JSON: `threads30 --json` and `memtrack report --format json`. With --contexts the report
must have one context per call path, too; else any number will do.
"""

import json
import sys


def main(arguments):
    with_contexts = "--contexts" in arguments
    truth_file, report_file = [a for a in arguments if a != "--contexts"]
    with open(truth_file) as file:
        truth = json.load(file)
    with open(report_file) as file:
        report = json.load(file)

    # What libc allocates for itself, such as threads' control blocks, the program cannot count.
    own = [c for c in report["contexts"] if c["frames"][0]["file"]]
    rows = []
    for key in ("allocations", "allocated_bytes", "frees", "leaked_blocks", "leaked_bytes",
                "peak_bytes"):
        rows.append((key, truth[key], sum(c[key] for c in own)))

    threads = {thread.get("name"): thread for thread in report["threads"]}
    workers = truth["each_thread"]
    rows.append(("threads that allocate", truth["threads"], len(workers.keys() & threads.keys())))
    for name, wanted in workers.items():
        for key, value in wanted.items():
            rows.append((f"{name} {key}", value, threads.get(name, {}).get(key)))

    paths = [c for c in report["contexts"]
             if any(f["function"].startswith("century_") for f in c["frames"])]
    for key in ("allocations", "allocated_bytes", "leaked_blocks", "leaked_bytes", "peak_bytes"):
        rows.append((f"{key} of all century_*", truth[key], sum(c[key] for c in paths)))
    if with_contexts:
        rows.append(("contexts", truth["contexts"], len(paths)))

    wrong = [row for row in rows if row[1] != row[2]]
    for key, value, reported in wrong:
        print(f"{key}: the program counted {value}, the report says {reported}")
    print(f"{len(rows) - len(wrong)} of {len(rows)} figures agree")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
