#!/usr/bin/env python3
"""Print 50 MB of JSON, the same each time: an array of records."""

import json
import random
import sys

TARGET = 50 * 1000 * 1000
random.seed(1)
tags = ["red", "green", "blue", "größer", "日本語", "x" * 40]
written = 0
separator = "["
while written < TARGET:
    record = {
        "id": written,
        "name": "name %d" % random.randrange(10000),
        "tags": random.sample(tags, random.randrange(1, 5)),
        "values": [random.randrange(1000) for _ in range(random.randrange(1, 30))],
        "nested": {"a": random.random(), "b": [None, True, {"c": "\u00e9" * random.randrange(20)}]},
    }
    text = separator + json.dumps(record, ensure_ascii=random.random() < 0.5) + "\n"
    written += len(text.encode())
    sys.stdout.write(text)
    separator = ","
sys.stdout.write("]\n")
