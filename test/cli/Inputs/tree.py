"""tree.py < REPORT: in a tree of a JSON report, each node's counters are those of its own contexts,
its children and what is hidden, together; the root's are the summary's."""
import json
import sys

report = json.load(sys.stdin)
KEYS = list(report["tree"]["self"])
nodes = 0
pending = [report["tree"]]
while pending:
    node = pending.pop()
    nodes += 1
    parts = [node["self"], *node["children"], node.get("hidden", dict.fromkeys(KEYS, 0))]
    for key in KEYS:
        total = sum(part[key] for part in parts)
        assert node[key] == total, (node["name"], key, node[key], total)
    pending += node["children"]
for key in set(KEYS) - {"frees"}:
    assert report["tree"][key] == report["summary"][key], key
print(report["view"], "by", report["by"], "adds up,", nodes, "nodes")
