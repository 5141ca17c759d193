"""What the JSON of a peak on stdin says: the moment, and a line for each place and thread."""

import json
import sys

report = json.load(sys.stdin)
peak = report["peak"]
print(peak["at"], peak["time_ns"], peak["held_bytes"], peak["held_blocks"], peak["mean_age_ns"],
      report["summary"]["peak_bytes"])
for row in report.get("contexts", report.get("groups")):
    print(row["name"] if "name" in row else row["frames"][0]["function"], row["peak_bytes"],
          row["peak_blocks"], row["mean_age_ns"],
          *["%d:%d" % (share["thread"], share["held_bytes"]) for share in row["held_by"]])
for thread in report["threads"]:
    print("thread", thread["id"], thread["held_bytes"], thread["held_blocks"],
          thread["mean_age_ns"])
