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
    "errors": [[]],
    "dump": [[]],
}
# What some traces do not have is refused.
MAY_FAIL = {"--since", "--pools", "--file", "--function"}
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
    return good and all([is_described(f"{where}/{name}", value) for name, value in node.items()])


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
    if done.returncode == 2 and options and options[0] in MAY_FAIL:
        return
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(arguments)}: {done.stderr.decode()}")
    text = done.stdout.decode()
    for part in text.splitlines() if command == "dump" else [text]:
        yield json.loads(part)


def complaints(validator, value):
    """What is wrong, as exactly as the alternatives allow."""
    for error in validator.iter_errors(value):
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
    validator = jsonschema.Draft202012Validator(schema)
    failed = 0 if is_described("", schema) else 1
    missing = set(commands_with_json()) - set(CALLS) - ELSEWHERE
    if missing:
        print("not in the table of commands:", *missing)
        failed += 1
    checked = 0
    for family in families:
        traces = family.split("+")
        for command, options in ((c, o) for c, ways in CALLS.items() for o in ways):
            if command == "dump" and len(traces) > 1:
                continue
            for value in documents(command, options, traces):
                checked += 1
                for complaint in complaints(validator, value):
                    failed += 1
                    if failed < 20:
                        print(command, *options, family, complaint)
    if not bites(validator, next(documents("report", [], families[0].split("+")))):
        print("the schema takes what is wrong")
        failed += 1
    print(checked, "documents,", failed, "faults")
    return failed != 0


sys.exit(main())
