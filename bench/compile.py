#!/usr/bin/env python3
"""compile.py [-n PAIRS] NAME PLAIN TRACKED ARGUMENT...

Compiles with the compilers PLAIN and TRACKED in turn, ARGUMENT... given to both, and prints a row:
bytes of the object's code, and medians, with quartiles, of the compilers' user time.
"""

import argparse
import os
import subprocess
import tempfile

import measure


def text_size(path):
    """Bytes of the sections .text and .text.*."""
    lines = subprocess.run(["size", "-A", "-d", path], text=True, check=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(".text"))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-n", type=int, default=5)
    parser.add_argument("name")
    parser.add_argument("plain")
    parser.add_argument("tracked")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as directory:
        objects = [os.path.join(directory, kind) for kind in ("plain.o", "track.o")]
        commands = [[compiler, *options.arguments, "-c", "-o", output]
                    for compiler, output in zip((options.plain, options.tracked), objects)]
        pairs = []
        for number in range(options.n + 1):
            pair = {command[0]: measure.cpu_of_command(command)
                    for command in commands[::-1 if number % 2 else 1]}
            if number:
                pairs.append((pair[options.plain], pair[options.tracked]))
        before, after = map(text_size, objects)

    ratio = measure.Spread(tracked / plain for plain, tracked in pairs)
    best = min(tracked for _, tracked in pairs) / min(plain for plain, _ in pairs)
    seconds = measure.Spread(plain for plain, _ in pairs)
    print(f"| {options.name} | {before:,} | {after:,} | {after / before:.4f} "
          f"| {seconds.median:.2f} s | {ratio} | {best:.3f} |", flush=True)


if __name__ == "__main__":
    main()
