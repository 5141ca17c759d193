"""The model of a generated program: units, functions, and bodies for ingredients to fill.

Nothing here knows of single language features; statements.py and statements_cxx.py do.
"""

import contextlib
import dataclasses
import random

# Of an enabled feature: the probability that a program uses it.
FEATURES = {
    # C, and C++ too
    "alarm": 0.3,
    "alloca": 0.4,
    "apply": 0.8,
    "atexit": 0.4,
    "bsearch": 0.4,
    "cleanup": 0.4,
    "constructor": 0.4,
    "deep": 0.4,
    "exit": 0.4,
    "fault": 0.3,
    "flatten": 0.15,
    "fork": 0.2,
    "generator": 0.4,
    "getcontext": 0.3,
    "goto": 0.3,
    "indirect": 0.7,
    "inline": 0.7,
    "key": 0.3,
    "leaf": 0.7,
    "merge": 0.3,
    "musttail": 0.4,
    "plain": 0.7,
    "plugin": 0.3,
    "qsort": 0.5,
    "setjmp": 0.6,
    "signal": 0.5,
    "structure": 0.3,
    "tail": 0.7,
    "thread": 0.5,
    "thread_exit": 0.4,
    "variadic": 0.5,
    # C++
    "c": 0.4,
    "container": 0.5,
    "coroutine": 0.4,
    "function": 0.5,
    "guard": 0.6,
    "lambda": 0.6,
    "local_static": 0.4,
    "member": 0.4,
    "noexcept": 0.4,
    "object": 0.5,
    "sort": 0.5,
    "static_object": 0.5,
    "std_thread": 0.4,
    "template": 0.5,
    "thread_local": 0.4,
    "throw": 0.8,
    "virtual": 0.6,
}
CXX_ONLY = set(list(FEATURES)[list(FEATURES).index("c"):])


@dataclasses.dataclass
class Function:
    number: int
    name: str
    label: str  # as frames name it
    kind: str
    unit: "Unit"
    storage: str = "static"  # static, anonymous or extern
    inline: str = "maybe"  # maybe, never or always
    c_linkage: bool = False
    attributes: str = ""
    line: int = 0  # of a leaf, where it allocates
    flags: str = "0"  # ... and the link's flags
    inner: "Function | None" = None  # ... or what it calls for that
    restricted: bool = False  # its body only allocates

    def visible_from(self, unit):
        if self.unit is unit:
            return True
        if self.storage == "class":
            return unit.is_cxx and not self.unit.plugin
        return self.storage == "extern" and (unit.is_cxx or self.c_linkage)


@dataclasses.dataclass
class Unit:
    name: str
    is_cxx: bool
    plain: bool = False  # built without MemTrack
    plugin: bool = False  # may be loaded by dlopen
    leaves: list = dataclasses.field(default_factory=list)
    forward: list = dataclasses.field(default_factory=list)
    bodies: list = dataclasses.field(default_factory=list)

    PROLOGUE = ('#define _GNU_SOURCE', '#include "program.h"', '')

    def text(self):
        lines = [*self.PROLOGUE, *self.leaves, *self.forward, ""]
        for body in self.bodies:
            lines += [*body, ""]
        return "\n".join(lines)


class Program:
    """Bodies are made after all functions are known, so that anything may call anything."""

    def __init__(self, seed, is_cxx, unit_count, features):
        self.random = random.Random(seed)
        self.is_cxx = is_cxx
        self.features = features
        self.functions = []
        self.declarations = []  # for all units
        self.cxx_declarations = []
        self.templates = []
        self.header = Unit("program.h", is_cxx)  # where templates are
        self.shapes = []  # classes with a virtual function
        self.thread_local_names = {}  # by unit
        self.setup = []  # what main does first
        self.serial = 0
        self.statements = 0
        self.omitted = frozenset()  # numbers of statements that are made, but left out
        suffix = ".cpp" if is_cxx else ".c"
        self.units = [Unit("main" + suffix, is_cxx)]
        for index in range(1, unit_count):
            self.units.append(Unit(f"part{index}{suffix}", is_cxx))
        if "plain" in features and unit_count > 2:
            self.units[2].plain = True
        if "c" in features and unit_count > 3:
            unit = self.units[3]
            unit.name, unit.is_cxx = "part3.c", False
            unit.plain = "plain" in features and self.chance(0.3)
        if "plugin" in features and unit_count > 1:
            self.units[-1].plugin = True

    def chance(self, probability):
        return self.random.random() < probability

    def unique(self):
        self.serial += 1
        return self.serial

    def add(self, kind, unit, name=None, label=None, **fields):
        number = len(self.functions) + 1
        name = name or f"{kind}{number}"
        function = Function(number, name, label or name, kind, unit, **fields)
        self.functions.append(function)
        return function

    def of_kind(self, kind, unit=None):
        """The functions of that kind, or those of them that the unit can name."""
        return [f for f in self.functions
                if f.kind == kind and (unit is None or f.visible_from(unit))]

    def thread_locals(self, unit):
        return self.thread_local_names.get(unit.name)

    def choose(self, table):
        """One of the (weight, value) pairs' values."""
        weights, values = zip(*table)
        return self.random.choices(values, weights)[0]

    def manifest(self):
        # A flatten caller overrules what its callees say.
        inlining = {"never": "any", "maybe": "any"} if "flatten" in self.features else {}
        return {
            "features": sorted(self.features),
            "units": [{"name": u.name, "plain": u.plain, "plugin": u.plugin} for u in self.units],
            "functions": [{"label": f.label, "unit": f.unit.name,
                           "inline": inlining.get(f.inline, f.inline)} for f in self.functions],
        }


class Body:
    """The lines of one function, and what may be done in it.

    early      control may leave from here: nothing is to be put back, and the function returns
               what a generated call returns
    frame      it has a frame of its own: setjmp and alloca are allowed
    calm       part of what alarms interrupt: only calls and allocations
    callables  names of parameters that can be called
    """

    def __init__(self, program, unit, function, **traits):
        self.program = program
        self.unit = unit
        self.function = function
        self.lines = []
        self.depth = 1
        self.nesting = 0
        self.early = traits.get("early", False)
        self.frame = traits.get("frame", True)
        self.calm = traits.get("calm", False)
        self.callables = traits.get("callables", [])
        self.volatile = False

    @property
    def is_cxx(self):
        return self.unit.is_cxx

    @property
    def random(self):
        return self.program.random

    def has(self, feature):
        return feature in self.program.features

    def line(self, text):
        self.lines.append("    " * self.depth + text if text else "")

    @contextlib.contextmanager
    def block(self, head=""):
        self.line(f"{head} {{" if head else "{")
        self.depth += 1
        self.nesting += 1
        yield
        self.nesting -= 1
        self.depth -= 1
        self.line("}")

    @contextlib.contextmanager
    def saved_state(self):
        """A block after which longjmp, throw and switch may go where they could before."""
        early, self.early = self.early, False
        name = f"saved{self.program.unique()}"
        with self.block():
            self.line(f"struct exact_state {name} = exact_self.state;")
            yield name
            self.line(f"exact_self.state = {name};")
        self.early = early

    @contextlib.contextmanager
    def barrier(self, prepare=lambda: None):
        """A block with objects that a longjmp must not skip. `prepare` writes their lines."""
        with self.saved_state() as saved:
            self.line("exact_self.state.jump = NULL;")
            prepare()
            yield saved

    def fill(self, count, ingredients):
        for _ in range(count):
            table = [(i.weight, i) for i in ingredients if i.applies(self)]
            self.omissible(self.program.choose(table).emit, self)

    def omissible(self, emit, *arguments):
        number = self.program.statements
        self.program.statements += 1
        start = len(self.lines)
        emit(*arguments)
        if number in self.program.omitted:
            del self.lines[start:]

    def render(self, head, prologue, epilogue):
        """The whole function."""
        volatile = "volatile " if self.volatile else ""
        return [head + " {", f"    enum {{ self = {self.function.number} }};",
                *("    " + line for line in prologue), f"    {volatile}unsigned x = 0;", "",
                *self.lines, *("    " + line for line in epilogue), "}"]


@dataclasses.dataclass
class Ingredient:
    """A statement or a callee that a body may get."""
    emit: "callable"
    weight: float
    feature: str
    when: "callable"

    def applies(self, body):
        if self.feature and not body.has(self.feature):
            return False
        if self.feature in CXX_ONLY and not body.is_cxx:
            return False
        return self.when(body)


class Registry(list):
    def __call__(self, weight, feature=None, when=lambda body: True):
        def register(emit):
            self.append(Ingredient(emit, weight, feature, when))
            return emit
        return register
