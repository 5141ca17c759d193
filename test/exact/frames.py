"""Chains of frames as MemTrack reports them, and as the real stack had them."""

import collections
import json
import re
import struct
import subprocess

from truth import BASE

DEPTH = 1023
MODULES = 16
NAME = 256

# Of what stands in the generated files, the functions that only the compiler knows: it calls
# constructors from some, and the others hand a call on.
COMPILER_MADE = re.compile(
    r"^(__cxx_global_var_init|__cxx_global_array_dtor|_GLOBAL__|__tls_init|__dtor_|_ZTW|_ZTH)"
    r"|TLS (wrapper|init) function for|thread-local (wrapper|initialization) routine for"
    r"|thunk to |::__invoke$")

Frame = collections.namedtuple("Frame", "label line inlined function file")


def label(function):
    """The name without scopes that have none, parameters, template arguments and results."""
    if COMPILER_MADE.search(function):
        return function
    # Of a coroutine, the part that is resumed.
    name = re.sub(r" (\(\.\w+\)|\[clone [^\]]*\])$", "", function)
    name = name.replace("(anonymous namespace)::", "").replace("operator()", "operator@")
    while True:
        shorter = re.sub(r"\([^()]*\)|<[^<>]*>", "", name)
        if shorter == name:
            break
        name = shorter
    name = re.sub(r" const(?=::|$)", "", name)
    name = re.sub(r"('lambda\d*'|\{lambda[^}]*\}|\$_\d+|\{unnamed[^}]*\})(::operator@)?", "lambda",
                  name)
    return name.split(" ")[-1]


def generated(frames, files, labels=()):
    """The frames that stand in the program's own files, but not in what the compiler made. A line
    that an optimizer lost can have taken the file along; then the name must be of `labels`."""
    chain = []
    for frame in frames:
        name = label(frame.function)
        if COMPILER_MADE.search(name):
            continue
        own = frame.file and frame.file.rsplit("/", 1)[-1] in files
        if own or not frame.line and name in labels:
            chain.append(frame._replace(label=name))
    return chain


def from_report(memtrack, traces):
    """By size: the frames of the context that dump and report give it; None for an unknown one."""
    help_text = subprocess.run([memtrack, "report", "--help"], stdout=subprocess.PIPE,
                               check=True, text=True).stdout
    fold = ["--no-fold"] if "--no-fold" in help_text else []
    chains = {}
    for trace in traces:
        report = json.loads(subprocess.run(
            [memtrack, "report", "--format", "json", *fold, trace],
            stdout=subprocess.PIPE, check=True).stdout)
        contexts = {}
        libraries = set()
        for context in report["contexts"]:
            # What libraries allocate for themselves is no concern of the program's.
            if (context["frames"][0]["module"] or "").startswith(("/lib", "/usr/lib")):
                libraries.add(context["hash"])
            contexts[context["hash"]] = [
                Frame(None, f["line"], f["inlined"], f["function"] or "?", f["file"])
                for f in context["frames"]]
            if context.get("frames_omitted"):
                contexts[context["hash"]].append(None)
        with subprocess.Popen([memtrack, "dump", "--format", "json", trace],
                              stdout=subprocess.PIPE, text=True) as dump:
            for line in dump.stdout:
                event = json.loads(line)
                if (event.get("size", 0) >= BASE and "free" not in event["op"]
                        and event["hash"] not in libraries):
                    chains.setdefault(event["size"], []).append(contexts.get(event["hash"]))
        if dump.returncode:
            raise RuntimeError(f"memtrack dump: exit status {dump.returncode}")
    return chains


def read_reference(path, program):
    """By size: (module, offset) pairs, innermost first. `program` is the path of the program."""
    stacks = {}
    with open(path, "rb") as file:
        names = [file.read(NAME).rstrip(b"\0").decode() for _ in range(MODULES)]
        names = [name[1:] or program for name in names if name]
        header = file.tell()
        entry = 8 * (1 + DEPTH)
        index = 0
        while True:
            file.seek(header + index * entry)
            data = file.read(8)
            if len(data) < 8:
                return stacks
            (depth,) = struct.unpack("<Q", data)
            if depth:
                frames = struct.unpack(f"<{depth}Q", file.read(8 * depth))
                # The allocator's own frame is the first.
                stacks[BASE + index] = [(names[f >> 56], f & (1 << 56) - 1) for f in frames[1:]]
            index += 1


def from_reference(symbolizer, path, program):
    """By size: the frames that the unwinder saw."""
    stacks = read_reference(path, program)
    places = sorted({frame for stack in stacks.values() for frame in stack})
    text = "".join(f'"{module}" {offset:#x}\n' for module, offset in places)
    output = subprocess.run([symbolizer, "--output-style=JSON"], input=text,
                            stdout=subprocess.PIPE, check=True, text=True).stdout
    known = {}
    for place, line in zip(places, output.splitlines()):
        symbols = json.loads(line).get("Symbol", [])
        known[place] = [
            Frame(None, s["Line"], i + 1 < len(symbols), s["FunctionName"] or "?", s["FileName"])
            for i, s in enumerate(symbols)]
    return {size: [unwound(stack, known)] for size, stack in stacks.items()}


def unwound(stack, known):
    """The frames of one stack; None last if the unwinder got stuck in start-up code."""
    frames = [frame for place in stack for frame in known[place]]
    stuck = any(frame.function == "__do_global_dtors_aux" for frame in frames)
    return frames + [None] if stuck else frames
