"""What the JSON of lifetimes on stdin says: buckets, sums, and a line for each context."""

import json
import sys

report = json.load(sys.stdin)
lifetimes = report["lifetimes"]
for histogram in (lifetimes, report["sizes"]):
    print(*[list(bucket.values()) for bucket in histogram["buckets"]])
print(*[lifetimes[key] for key in ("freed_blocks", "freed_bytes", "mean_ns", "live_blocks",
                                   "live_bytes", "unknown_blocks", "short_ns", "long_ns",
                                   "large_bytes", "small_bytes")])
for context in report["contexts"]:
    print(context["frames"][0]["function"], context["mean_lifetime_ns"],
          context["lifetimes"]["below_ns"], context["lifetimes"]["blocks"],
          context["sizes"]["below_bytes"], context["sizes"]["blocks"],
          context["short_large_blocks"], context["short_large_bytes"],
          context["long_small_blocks"], context["long_small_bytes"])
