#!/usr/bin/env python3
"""Compare what count.c counted with the report. usage: compare.py NAME COUNT.json REPORT.json"""

import json
import sys

name, count_file, report_file = sys.argv[1:]
with open(count_file) as file:
    counted = json.load(file)
with open(report_file) as file:
    summary = json.load(file)["summary"]

print(f"{name:8} {'':16} {'counted':>15} {'reported':>15} {'difference':>11}")
for key, value in counted.items():
    print(f"{'':8} {key:16} {value:15,} {summary[key]:15,} {summary[key] - value:11,}")
sys.exit(any(summary[key] != value for key, value in counted.items()) or not counted["allocations"])
