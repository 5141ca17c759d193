"""The tools that run.sh compares, and how each runs a workload's program."""

import collections
import glob
import os
import resource
import shutil
import subprocess

GIB = 1 << 30

# What a workload is, as lists: the program as it is, built with memtrack-cc, built with clang's
# -fmemory-profile, and as it is with a short input. Those that could not be built are empty.
Commands = collections.namedtuple("Commands", "plain tracked memprof short")

# build    the command of Commands that is run
# base     the tool that it is compared with, in the same round; on short inputs with plain ones
# options  MEMTRACK_OPTIONS, where it is MemTrack
# prepare  makes of a command and a directory for output: a command and variables of the environment
# needs    says what is missing, or nothing
# program  whether the command is a script or so that starts the program
# limits   of what it and the program may use
Tool = collections.namedtuple("Tool", "build base options prepare needs program limits",
                              defaults=(None, None, None, lambda: None, False, {}))


def library(pattern):
    """The path of a library, or nothing."""
    return next(iter(sorted(glob.glob(f"/usr/lib/*/{pattern}") + glob.glob(f"/usr/lib/{pattern}"))),
                None)


def jemalloc(profiled):
    def prepare(command, directory):
        variables = {"LD_PRELOAD": library("libjemalloc.so.2")}
        if profiled:
            variables["MALLOC_CONF"] = ("prof:true,lg_prof_sample:19,prof_final:true,"
                                        f"prof_prefix:{directory}/jeprof")
        return command, variables

    def needs():
        path = library("libjemalloc.so.2")
        if not path:
            return "no libjemalloc.so.2"
        if profiled:
            said = subprocess.run(["true"], env={"LD_PRELOAD": path, "MALLOC_CONF": "prof:true"},
                                  capture_output=True, text=True, check=False).stderr
            if "prof" in said:
                return "this libjemalloc.so.2 is built without profiling"
        return None

    return Tool("plain", "jemalloc-plain" if profiled else "none", prepare=prepare, needs=needs)


def program_on_path(name):
    return lambda: None if shutil.which(name) else f"no {name}"


def heaptrack(command, directory):
    return ["heaptrack", "--output", f"{directory}/heaptrack", *command], {}


def memprof(command, directory):
    return command, {"MEMPROF_OPTIONS": f"log_path={directory}/memprof"}


def dhat(command, directory):
    return ["valgrind", "-q", "--tool=dhat", f"--dhat-out-file={directory}/dhat", *command], {}


def memtrack(options):
    return Tool("tracked", "none", options)


TOOLS = {
    "none": Tool("plain"),
    "off": memtrack("mode=off"),
    "precise": memtrack(""),
    "site": memtrack("context=site"),
    "coarse": memtrack("clock=coarse"),
    "tiered": memtrack("sample=tiered"),
    "poisson": memtrack("sample=poisson:524288"),
    "profile": memtrack("mode=profile"),
    # Its interpreter can take all memory there is, and its file all of the disk.
    "heaptrack": Tool("plain", "none", prepare=heaptrack, needs=program_on_path("heaptrack"),
                      program=True,
                      limits={resource.RLIMIT_AS: 8 * GIB, resource.RLIMIT_FSIZE: 8 * GIB}),
    "jemalloc-plain": jemalloc(False),
    "jemalloc": jemalloc(True),
    "memprof": Tool("memprof", "none", prepare=memprof),
    "dhat": Tool("short", "short", prepare=dhat, needs=program_on_path("valgrind")),
}

# The plain program on the short input; nobody asks for it.
SHORT_BASE = Tool("short")


def tool(name):
    return SHORT_BASE if name == "short" else TOOLS[name]


def command_of(name, commands, directory):
    """What runs a workload under a tool: a list, and the environment."""
    which = tool(name)
    command, variables = list(getattr(commands, which.build)), {}
    if which.prepare:
        command, variables = which.prepare(command, directory)
    elif which.options is not None:
        variables = {"MEMTRACK_OPTIONS": ":".join(filter(None, [f"output={directory}/trace",
                                                                which.options]))}
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("MEMTRACK_OPTIONS", "LD_PRELOAD", "MALLOC_CONF")}
    return command, {**environment, **variables}


def reason_to_skip(name, commands, nothing):
    """Why a tool cannot run a workload, or None. nothing is an instrumented program that does
    nothing, to ask the runtime whether it knows an option."""
    which = tool(name)
    reason = which.needs()
    if reason:
        return reason
    if not getattr(commands, which.build):
        return "the program could not be built for it"
    if which.options:
        said = subprocess.run([nothing], env={"MEMTRACK_OPTIONS": f"output=/dev/null:{which.options}"},
                              capture_output=True, text=True, check=False).stderr
        if "is ignored" in said:
            return f"the runtime has no {which.options}"
    return None
