"""Prints the errors of a JSON report, one a line."""
import json
import sys


def chain(place):
    return place and ",".join(frame["function"] for frame in place["frames"])


with open(sys.argv[1]) as file:
    report = json.load(file)
summary = report["summary"]
print(
    summary["double_frees"],
    summary["invalid_frees"],
    summary["mismatched_frees"],
    summary["unmatched_frees"],
)
for error in report["errors"]:
    print(
        error["kind"],
        error["count"],
        error["address"],
        error["offset"],
        error["size"],
        error["time_ns"],
        error["thread"],
        error.get("allocated_with", "-"),
        error.get("freed_with", "-"),
        chain(error["allocated_at"]),
        chain(error["freed_at"]),
        chain(error["first_freed_at"]),
    )
