#!/usr/bin/env python3
"""Hold the JSON of every command against docs/report.schema.json.

usage: validate.py SCHEMA MEMTRACK TRACE[+TRACE]...

A command whose --help knows of json and that is not in the table below fails the test, so that none
is forgotten; and so does a member without a description."""

import copy
import json
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    sys.exit("python3-jsonschema is missing: scripts/setup.sh installs it")

schema_path, memtrack, *families = sys.argv[1:]

# By command, the ways to call it.
CALLS = {
    "report": [
        [],
        ["--by", "site"],
        ["--by", "function"],
        ["--by", "file"],
        ["--by", "type"],
        ["--by", "thread"],
        ["--view", "top-down"],
        ["--view", "bottom-up", "--by", "site", "--min-share", "30"],
        ["--match", "main", "--no-fold", "--min-bytes", "1K"],
        ["--since", "1ms", "--until", "2s"],
        ["--pools"],
    ],
    "annotate": [[], ["--file", "main.c"], ["--function", "main"]],
    "peak": [[], ["--by", "file", "--no-fold"], ["--by", "thread"], ["--at", "50%"], ["--at", "end"]],
    "timeline": [[], ["--by", "thread", "--limit", "1"], ["--by", "context", "--points", "7"]],
    "threads": [[], ["--by", "name"]],
    "lifetimes": [[], ["--by", "type"], ["--min-bytes", "100"]],
    "errors": [[]],
    "leaks": [[], ["--by", "function"]],
    "diff": [[], ["--by", "site"], ["--normalize", "event"]],
    "check": [["--max-leaked", "10"], ["--max-peak", "1G", "--max-allocations", "1"]],
    "advise": [[], ["--limit", "1"]],
    "dump": [[]],
}
# On more traces than these, commands are called in one way only.
ALL_WAYS = 6
# Of the commands, the ones that take two traces, and the ones that take one.
TWO = {"diff"}
ONE = {"dump"}
# What some traces do not have is refused.
MAY_FAIL = {"--since", "--pools", "--file", "--function", "--by", "--at", "--normalize"}
# Called by other tests, or no reader of traces.
ELSEWHERE = {"run"}


def is_described(where, node):
    """Whether every member has a description."""
    good = True
    if isinstance(node, list):
        return all([is_described(where, item) for item in node])
    if not isinstance(node, dict):
        return True
    for name, value in node.get("properties", {}).items():
        if "description" not in value:
            print(f"{where}: {name} has no description")
            good = False
    return all([is_described(f"{where}/{name}", value) for name, value in node.items()
                if name != "if"]) and good


def commands_with_json():
    text = subprocess.run([memtrack, "--help"], stdout=subprocess.PIPE, check=True).stdout.decode()
    names = [line.split()[0] for line in text[text.index("Commands:"):].splitlines()[1:]
             if line.startswith("  ")]
    for name in names:
        about = subprocess.run([memtrack, name, "--help"], stdout=subprocess.PIPE, check=True)
        if b"json" in about.stdout:
            yield name


def documents(command, options, traces):
    arguments = [memtrack, command, "--format", "json", *options, *traces]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    refused = options and options[0] in MAY_FAIL or b"or record with MEMTRACK_OPTIONS=mode=trace" in done.stderr
    if done.returncode == 2 and refused:
        return
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(arguments)}: {done.stderr.decode()}")
    text = done.stdout.decode()
    for part in text.splitlines() if command == "dump" else [text]:
        yield json.loads(part)


def definition(command, value):
    """Which of the schema's alternatives a document means to be."""
    for member, name in (("tree", "report_tree"), ("pools", "report_pools"),
                         ("annotate", "annotate_file")):
        if member in value:
            return name
    return "event" if command == "dump" else command


class Validators:
    """Of each alternative alone, which takes less time than to try them all, and says more."""

    def __init__(self, schema):
        self.schema = schema
        self.whole = jsonschema.Draft202012Validator(schema)
        self.parts = {}

    def complaints(self, name, value):
        if name not in self.parts:
            self.parts[name] = jsonschema.Draft202012Validator(
                {"$ref": f"#/$defs/{name}", "$defs": self.schema["$defs"]})
            if not self.whole.is_valid(value):
                yield f"is none of the alternatives, or several: {name}"
        for error in self.parts[name].iter_errors(value):
            best = jsonschema.exceptions.best_match([error])
            yield f"{'/'.join(map(str, best.absolute_path)) or 'document'}: {best.message[:300]}"


def bites(validator, value):
    """A schema that takes everything would pass, too."""
    more = copy.deepcopy(value)
    more["summary"]["of_no_schema"] = 1
    less = copy.deepcopy(value)
    del less["contexts"][0]["peak_bytes"]
    other = copy.deepcopy(value)
    other["threads"][0]["frees"] = "many"
    later = copy.deepcopy(value)
    later["schema"] = "memtrack-report/2"
    return all(not validator.is_valid(wrong) for wrong in (more, less, other, later))


def main():
    with open(schema_path) as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validators = Validators(schema)
    failed = 0 if is_described("", schema) else 1
    known = set(commands_with_json())
    missing = known - set(CALLS) - ELSEWHERE
    if missing:
        print("not in the table of commands:", *missing)
        failed += 1
    checked = 0
    for index, family in enumerate(families):
        traces = family.split("+")
        for command, options in ((c, o) for c in CALLS if c in known
                                 for o in CALLS[c][:None if index < ALL_WAYS else 1]):
            if command in ONE and len(traces) > 1:
                continue
            given = (traces * 2)[:2] if command in TWO else traces
            for value in documents(command, options, given):
                checked += 1
                for complaint in validators.complaints(definition(command, value), value):
                    failed += 1
                    if failed < 20:
                        print(command, *options, family, complaint)
    if not bites(validators.whole, next(documents("report", [], families[0].split("+")))):
        print("the schema takes what is wrong")
        failed += 1
    print(checked, "documents,", failed, "faults")
    return failed != 0


sys.exit(main())
