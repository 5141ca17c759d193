"""Prints the findings of memtrack advise --format json, one a line."""
import json
import sys

KEYS = {
    "growth": ("growth_bytes", "last_bytes", "leaked_bytes"),
    "churn": ("temporary", "min_bytes", "max_bytes"),
    "realloc": ("chains", "longest_chain", "copied_bytes", "moved"),
    "tiny": ("tiny", "tiny_bytes", "overhead_bytes"),
    "over_allocation": ("shrunk_blocks", "given_back_bytes"),
    "cross_thread": ("cross_thread_frees", "pairs"),
}


def text(value):
    if isinstance(value, list):
        return ",".join("%d>%d:%d" % (p["allocated_by"], p["freed_by"], p["frees"]) for p in value)
    return str(value)


with open(sys.argv[1]) as file:
    report = json.load(file)
for finding in report["findings"]:
    assert finding["text"] and finding["advice"] and len(finding["hash"]) == 16
    frame = finding["frames"][finding["folded"]]
    print(finding["kind"], finding["severity"], "%.1f" % finding["saves"]["percent"],
          finding["saves"]["of"], "%s:%d" % (frame["file"], frame["line"]),
          *("%s=%s" % (key, text(finding[key])) for key in KEYS[finding["kind"]]))
print("more", report["more_findings"])
