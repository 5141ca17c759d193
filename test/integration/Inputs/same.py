"""same.py MEMTRACK TRACE OTHER [KEY...]: two traces of a program that does the same each time have the
same figures in their reports: in all, by context and by thread name. Without keys, those that do not
depend on how threads take turns."""

import json
import subprocess
import sys

memtrack, *paths = sys.argv[1:4]
keys = ["allocations", "frees", "allocated_bytes", "leaked_bytes", "leaked_blocks"]
keys = sys.argv[4:] or keys
reports = [json.loads(subprocess.run([memtrack, "report", "--format", "json", path],
                                     stdout=subprocess.PIPE, check=True).stdout)
           for path in paths]


def figures(report):
    found = {("summary", key): report["summary"][key] for key in keys}
    found["summary", "events"] = report["summary"]["events"]
    for context in report["contexts"]:
        for key in keys:
            found["context", context["hash"], key] = context.get(key)
    for name in {thread["name"] for thread in report["threads"]}:
        threads = [thread for thread in report["threads"] if thread["name"] == name]
        for key in set(keys) & set(threads[0]):
            found["thread", name, key] = sum(thread[key] for thread in threads)
    return found


one, other = map(figures, reports)
different = [key for key in sorted(set(one) | set(other), key=str) if one.get(key) != other.get(key)]
for key in different:
    print(*key, one.get(key), other.get(key))
print(len(one), "figures")
sys.exit(bool(different))
