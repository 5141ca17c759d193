"""What a timeline's JSON on stdin says, a line for each array, phase and series."""

import json
import sys

report = json.load(sys.stdin)
timeline = report["timelines"][0]
print(report["by"], timeline["source"], timeline["duration_ns"], timeline["bucket_ns"],
      timeline["peak_bytes"], timeline["peak_ns"])
for key, value in timeline.items():
    if isinstance(value, list) and key not in ("phases", "threads", "contexts"):
        print(key, value)
for phase in timeline["phases"]:
    print("phase", phase["name"], phase["time_ns"], phase["duration_ns"], phase["peak_bytes"],
          phase["live_bytes"], phase["allocations"])
for context in timeline.get("contexts", []):
    print(context["frames"][0]["function"], context["peak_bytes"], context["max_live_bytes"])
for thread in timeline.get("threads", []):
    print("thread", thread["id"], thread["peak_bytes"], thread["max_live_bytes"])
if "others" in timeline:
    others = timeline["others"]
    print("others", others and others["series"], others["live_bytes"] if others else "")
