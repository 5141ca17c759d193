"""What the JSON of threads on stdin says, a line for each thread and pair."""

import json
import sys

report = json.load(sys.stdin)
print(report["by"])
for thread in report["threads"]:
    print(thread.get("id", "-"), thread["name"], thread["allocations"], thread["allocated_bytes"],
          thread["peak_bytes"], thread["peak_ns"], thread["leaked_bytes"],
          thread["freed_by_itself"], thread["freed_by_others"], thread["freed_for_others"],
          thread["freed_for_others_bytes"], thread["ran_ns"], thread["allocations_per_second"])
for pair in report["thread_pairs"]:
    print("pair", pair["allocated_by"], pair["freed_by"], pair["blocks"], pair["bytes"])
print("beyond", report["thread_pairs_beyond"]["blocks"], report["thread_pairs_beyond"]["bytes"])
