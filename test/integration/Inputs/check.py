"""check.py MEMTRACK TRACE EXPRESSION...: each Python expression must be true of the trace's report.
@FILE stands for the expressions on the lines of FILE marked "EXPECT:".

Names: s, the summary as an object; own, sums over what instrumented code with debug information
allocated; contexts, threads, errors, process as in the JSON; by(function) and at(code), lists of the
contexts whose innermost frame is in that function, or on the line of FILE that holds that code;
library(name), those of calls in the object whose file's name begins like this; total(list, key), a
sum; chain(context), its functions; callers(context), those but the first; tags(function) and
counts(function), of by(function) the lists of tags, innermost first, and the numbers of allocations;
kind(i), that of an error; at_of(place), the function at a place of the first error; pool(name), what
`report --pools` says of a pool, pools() their names, and within(name), the contexts of one.
"""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

memtrack, trace, *arguments = sys.argv[1:]
expressions = []
source = []
for argument in arguments:
    if argument.startswith("@"):
        with open(argument[1:]) as file:
            source = file.read().split("\n")
        expressions += [line.split("EXPECT:")[1].strip() for line in source if "EXPECT:" in line]
    else:
        expressions.append(argument)
report = json.loads(subprocess.run([memtrack, "report", "--format", "json", trace],
                                   stdout=subprocess.PIPE, check=True).stdout)
contexts = report["contexts"]


def at(code):
    (line,) = [n for n, text in enumerate(source, 1) if code in text and not text.startswith("//")]
    return [c for c in contexts if c["frames"][0]["line"] == line]


# What libraries allocate by themselves is not for tests of other things to count.
own = [c for c in contexts if c["frames"][0]["file"]]


def by(function):
    return [c for c in contexts if c["frames"][0]["function"].split("(")[0] == function]


def tags_of(context):
    return [f["function"][6:-1] for f in context["frames"] if f["function"].startswith("[tag: ")]


def tags(function):
    return [tags_of(c) for c in by(function)]


def of(*options):
    return json.loads(subprocess.run([memtrack, "report", "--format", "json", *options, trace],
                                     stdout=subprocess.PIPE, check=True).stdout)


def pool(name):
    (found,) = [p for p in of("--pools")["pools"] if p["name"] == name]
    return SimpleNamespace(**found)


def chain(context):
    return [f["function"].split("(")[0] for f in context["frames"]]


names = {
    "pool": pool,
    "pools": lambda: sorted(p["name"] for p in of("--pools")["pools"]),
    "within": lambda name: of("--pool", name)["contexts"],
    "s": SimpleNamespace(**report["summary"]),
    "own": SimpleNamespace(**{key: sum(c[key] for c in own)
                              for key, value in (contexts[0] if contexts else {}).items()
                              if isinstance(value, int)}),
    "contexts": contexts,
    "threads": report["threads"],
    "errors": report["errors"],
    "kind": lambda i: report["errors"][i]["kind"],
    "at_of": lambda place: report["errors"][0][place]["frames"][0]["function"].split("(")[0],
    "process": report["process"],
    "by": by,
    "tags": tags,
    "tags_of": tags_of,
    "counts": lambda function: [c["allocations"] for c in by(function)],
    "at": at,
    "total": lambda found, key: sum(c[key] for c in found),
    "library": lambda name: [c for c in contexts if not c["frames"][0]["file"] and
                             os.path.basename(c["frames"][0]["module"] or "").startswith(name)],
    "chain": chain,
    "callers": lambda c: chain(c)[1:],
}
failed = [e for e in expressions if not eval(e, names)]
for expression in failed:
    print("does not hold:", expression)
if failed:
    print(json.dumps(report, indent=1))
sys.exit(bool(failed))
