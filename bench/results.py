"""The file of results: machine, tools, and for each workload what was measured.

{"machine": {...}, "build": "...", "workloads": {NAME: {"date", "rounds", "inputs", "load",
"events", "threads", "tools": {NAME: {"runs": [Run or null, one a round], "note"}}, "compile": {...}}}}

Results of another build than the present one, or of another machine, are dropped when something is
added, so that all of a file can be compared.
"""

import datetime
import hashlib
import json
import os
import platform
import subprocess


def first_line(*command):
    """The first line that a command prints, or nothing."""
    try:
        lines = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               check=False).stdout.splitlines()
    except OSError:
        return None
    return lines[0].strip() if lines else None


def from_file(path, start):
    try:
        with open(path) as file:
            return next((line.split(start, 1)[1].strip(' :=\t"\n') for line in file
                         if line.startswith(start)), None)
    except OSError:
        return None


def package(name):
    try:
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True,
                              text=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def machine(llvm):
    facts = {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": from_file("/proc/cpuinfo", "model name"),
        "memory_mib": int((from_file("/proc/meminfo", "MemTotal") or "0").split()[0]) // 1024,
        "kernel": ".".join(platform.release().split(".")[:2]),
        "system": from_file("/etc/os-release", "PRETTY_NAME"),
        "libc": " ".join(platform.libc_ver()),
        "clang": first_line(f"clang-{llvm}", "--version"),
        "gcc": first_line("gcc", "--version"),
        "heaptrack": first_line("heaptrack", "--version"),
        "valgrind": first_line("valgrind", "--version"),
        "jemalloc": package("libjemalloc2"),
        "nlohmann-json": package("nlohmann-json3-dev"),
        "python": platform.python_version(),
    }
    return {key: value for key, value in facts.items() if value}


def build_of(bin_directory):
    """A name for plugin, driver and runtime: of equal ones it is equal."""
    digest = hashlib.sha256()
    library = os.path.join(bin_directory, "..", "lib")
    for name in (os.path.join(bin_directory, "memtrack-cc"),
                 os.path.join(library, "MemTrackPass.so"),
                 os.path.join(library, "libmemtrack.so.0")):
        try:
            with open(name, "rb") as file:
                digest.update(file.read())
        except OSError:
            pass
    return digest.hexdigest()[:16]


def commit():
    """The commit of this source, with a + where it is changed."""
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        done = subprocess.run(["git", "-c", "safe.directory=*", "-C", here, "describe", "--always",
                               "--dirty=+", "--exclude=*"], capture_output=True, text=True,
                              check=False)
    except OSError:
        return None
    return done.stdout.strip() or None


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def load(path):
    """What is in the file; None if it is not there or no results."""
    try:
        with open(path) as file:
            results = json.load(file)
    except (OSError, ValueError):
        return None
    return results if isinstance(results, dict) and "workloads" in results else None


def open_results(path, facts, build):
    """The file's results if they are of this machine and build, otherwise new ones."""
    results = load(path)
    if not results or results.get("machine") != facts or results.get("build") != build:
        results = {"machine": facts, "build": build, "commit": commit(), "workloads": {}}
    return results


def save(path, results):
    """Replaces the file as a whole, so that an interrupted run leaves the old or the new one."""
    with open(f"{path}.part", "w") as file:
        json.dump(results, file, indent=1)
        file.write("\n")
    os.replace(f"{path}.part", path)
