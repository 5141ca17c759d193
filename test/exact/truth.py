"""What a generated program wrote of itself: for each size allocated, the true chain.

The layout is support/exact.h's.
"""

import dataclasses
import struct

TAIL = 1
MUSTTAIL = 2
INTERRUPTED = 4
BOTTOM = 8
RESUMPTION = 16
OPEN = 32
ALLOCATION = 64
UNSEEN = 128

LINKS = 1 << 20
BASE = 20000
COUNTS = struct.Struct("<II")
LINK = struct.Struct("<IIIII")
NOTE = struct.Struct("<IIII")


@dataclasses.dataclass(frozen=True)
class Link:
    """A call on a chain. `label` is None where there is no frame, only flags."""
    label: str
    line: int
    last_line: int
    flags: int
    inline: str = "maybe"

    def __str__(self):
        if self.flags & OPEN:
            return "..."
        if self.flags & BOTTOM:
            return "(end, or the resumer's)"
        lines = "*" if self.flags & INTERRUPTED else str(self.line)
        if self.last_line != self.line:
            lines += f"-{self.last_line}"
        mark = {TAIL: "  (tail call)", MUSTTAIL: "  (musttail call)"}.get(self.flags, "")
        return f"{self.label}:{lines}{mark}"


class Truth:
    def __init__(self, path, manifest):
        with open(path, "rb") as file:
            self.link_count, self.note_count = COUNTS.unpack(file.read(COUNTS.size))
            self.links = list(LINK.iter_unpack(file.read((self.link_count + 1) * LINK.size)))
            file.seek(COUNTS.size + LINKS * LINK.size)
            self.notes = list(NOTE.iter_unpack(file.read(self.note_count * NOTE.size)))
        plain = {unit["name"] for unit in manifest["units"] if unit["plain"]}
        self.functions = [None] + [None if f["unit"] in plain else f
                                   for f in manifest["functions"]]

    def sizes(self):
        return range(BASE, BASE + self.note_count)

    def may_be_unseen(self, size):
        """Whether no instrumented code need have made the allocation itself."""
        _, function, _, _, flags = self.links[self.notes[size - BASE][0]]
        return not self.functions[function] or bool(flags & (UNSEEN | MUSTTAIL))

    def chain(self, size):
        """The links, innermost first, without those of uninstrumented units."""
        index, resumption, _, _ = self.notes[size - BASE]
        chain = []
        while index:
            if index >= len(self.links):
                raise ValueError(f"size {size}: no link {index}: the program is wrong")
            up, function, line, last_line, flags = self.links[index]
            described = self.functions[function]
            if described:
                chain.append(Link(described["label"], line, last_line, flags,
                                  described["inline"]))
            elif flags & (BOTTOM | OPEN):
                chain.append(Link(None, 0, 0, flags))
            index = up
            if flags & BOTTOM and resumption:
                index, _, resumption, _, _ = self.links[resumption]
        return chain
