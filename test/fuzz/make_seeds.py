#!/usr/bin/env python3
"""Write inputs for fuzz_commands. usage: make_seeds.py DIRECTORY COMMANDS TRACE...

Each trace becomes an input for each of the commands, which are numbers, with options by lot; what
lies beside it as TRACE.live goes with it. fuzz_input.h has the layout."""

import os
import random
import struct
import sys

LIVE, SECOND = 1, 2
SEGMENT, HEAD = 65536, 64
EVENTS, PROFILE = 1, 3
ENTRY = 8 * 12 * 11  # a multiple of all entries' sizes


def shortened(segment):
    """Without the zeros at its end, of which a profile has many."""
    kind, = struct.unpack_from("<I", segment, 36)
    if kind != PROFILE:
        return segment
    size = (len(segment[HEAD:].rstrip(b"\0")) + ENTRY - 1) // ENTRY * ENTRY
    return segment[:32] + struct.pack("<I", size) + segment[36:HEAD + size]


def used_segments(live):
    """The segments of a live file without the bytes they do not use."""
    for at in range(SEGMENT, len(live) - SEGMENT + 1, SEGMENT):
        used, kind = struct.unpack_from("<II", live, at + 32)
        size = used * 8 if kind == EVENTS else used
        if kind and 0 < size <= SEGMENT - HEAD:
            yield shortened(live[at:at + HEAD + size])


def main():
    directory, commands, *traces = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    lot = random.Random(1)
    for path in traces:
        with open(path, "rb") as file:
            trace = file.read()
        live = b""
        if os.path.exists(path + ".live"):
            with open(path + ".live", "rb") as file:
                live = b"".join(used_segments(file.read()))
        for command in range(int(commands)):
            flags = (LIVE if live else 0) | (SECOND if lot.random() < 0.25 else 0)
            head = struct.pack("<BBHIQ", command, flags, lot.getrandbits(15), len(trace), lot.getrandbits(64))
            name = f"{os.path.basename(path)}-{command}"
            with open(os.path.join(directory, name), "wb") as file:
                file.write(head + trace + live)


main()
