#!/usr/bin/env python3
"""Build, run and check generated programs, many at a time.

usage: run.py --bin DIRECTORY [--seeds A-B,...] [--levels O0,O2,...] [--lang c,c++] [--variants ...]
       run.py --reference ... the same against the unwound stack, without MemTrack
       run.py --sanitize ...  the programs themselves, under the address and UB sanitizers

Every seed is one program in each language, built at each level in one variant that the seed
chooses, or in each of --variants. The program must behave like one built plainly, and every
allocation must have its true chain. Exit status 1 if anything is wrong; the command to reproduce
it is printed.
"""

import argparse
import concurrent.futures
import contextlib
import io
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import check
import frames
import generate

HERE = pathlib.Path(__file__).resolve().parent
SUPPORT = HERE / "support"

# How the units become a program.
#   pie no-pie         one program
#   static             one program; nothing in it stands before libc's functions, so that jumps
#                      and switches of uninstrumented code go unnoticed, and there are none
#   shared             some units are a library that it is linked with
#   plugin             the plugin unit is a library that it loads and unloads
VARIANTS = ("pie", "no-pie", "static", "shared", "plugin")


class Failure(Exception):
    pass


class Job:
    """One program at one level in one variant."""

    def __init__(self, options, seed, lang, level, variant):
        self.options = options
        self.seed, self.lang, self.level, self.variant = seed, lang, level, variant
        without = [*options.without, *(("plain", "generator") if variant == "static" else ())]
        self.features = generate.choose_features(seed, lang == "c++", without, options.only)

    def __str__(self):
        return f"seed {self.seed} {self.lang} -{self.level} {self.variant}"

    def changed(self, **options):
        options = argparse.Namespace(**{**vars(self.options), **options})
        return Job(options, self.seed, self.lang, self.level, self.variant)

    def command(self):
        """What runs this job alone and keeps its files."""
        words = ["test/exact/run.py", "--seeds", str(self.seed), "--lang", self.lang,
                 "--levels", self.level, "--variants", self.variant, "--files",
                 str(self.options.files)]
        if self.options.without:
            words += ["--without", ",".join(self.options.without)]
        if self.options.only is not None:
            words += ["--only", ",".join(self.options.only) or "''"]
        if self.options.omit:
            words += ["--omit", generate.numbers_text(self.options.omit)]
        for mode in ("reference", "sanitize"):
            if getattr(self.options, mode):
                words.append("--" + mode)
        if self.options.complete:
            words.append("--complete")
        if not self.options.reference and not self.options.sanitize:
            words += ["--bin", str(self.options.bin)]
        return " ".join([*words, "--keep", "DIRECTORY"])

    def build(self):
        return generate.build(self.seed, self.lang == "c++", self.options.files, self.features,
                              self.options.omit)

    def run(self):
        """Returns the number of allocations."""
        with tempfile.TemporaryDirectory(prefix="exact.") as scratch:
            directory = pathlib.Path(self.options.keep or scratch)
            generate.write(self.build(), directory)
            return self.run_in(directory)

    def run_in(self, directory):
        if not self.options.narrowing:
            plain = Build(self, directory, "plain", ["clang-14", "clang++-14"], [])
        if self.options.sanitize:
            flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
            sanitized = Build(self, directory, "sanitized", ["clang-14", "clang++-14"], flags)
            self.execute(sanitized.program, directory)
            return 0
        rules = check.Rules(self.level, self.options.reference, self.options.complete)
        if self.options.reference:
            self.execute(plain.program, directory, EXACT_REFERENCE=directory / "reference")
            chains = frames.from_reference(self.options.symbolizer, directory / "reference",
                                           str(plain.program))
        else:
            bin_dir = self.options.bin
            tested = Build(self, directory, "tested",
                           [str(bin_dir / "memtrack-cc"), str(bin_dir / "memtrack-c++")], [])
            if not self.options.narrowing:
                expected = self.execute(plain.program, directory)
            for trace in directory.glob("*.mtrace"):
                trace.unlink()
            output = f"output={directory}/%p.mtrace"
            printed = self.execute(tested.program, directory, MEMTRACK_OPTIONS=output)
            if not self.options.narrowing and printed != expected:
                raise Failure("output or exit status differs from that of the plain program")
            chains = frames.from_report(str(bin_dir / "memtrack"),
                                        sorted(map(str, directory.glob("*.mtrace"))))
            rules.defined = tested.labels()
        count, wrong = check.check(directory, directory / "truth", chains, rules,
                                   self.options.show)
        if wrong:
            raise Failure(f"{wrong} of {count} allocations are wrong")
        return count

    def execute(self, program, directory, **environment):
        environment = {key: str(value) for key, value in environment.items()}
        # The programs leave their blocks and whatever a longjmp skipped.
        environment["ASAN_OPTIONS"] = (
            "detect_leaks=0:detect_stack_use_after_return=0:allocator_may_return_null=1:"
            "use_sigaltstack=0")
        environment["EXACT_TRUTH"] = str(directory / "truth")
        inherited = {k: v for k, v in os.environ.items() if k != "MEMTRACK_OPTIONS"}
        try:
            done = subprocess.run([program], env=inherited | environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=self.options.timeout,
                                  check=False)
        except subprocess.TimeoutExpired:
            raise Failure(f"{program.parent.name}/{program.name}: does not end") from None
        if done.returncode != 0:
            raise Failure(f"{program.parent.name}/{program.name}: exit status {done.returncode}\n"
                          + done.stderr.decode(errors="replace")[-3000:])
        return done.stdout


class Build:
    """The units, compiled by `compilers` (C, C++), those that are to stay plain by clang."""

    def __init__(self, job, directory, name, compilers, flags):
        self.job = job
        self.directory = directory / name
        self.compilers = compilers
        self.flags = flags
        self.program = self.directory / "program"
        self.directory.mkdir(exist_ok=True)
        self.units = json.loads((directory / "manifest.json").read_text())["units"]
        self.has_plugin = job.variant == "plugin" and self.units[-1]["plugin"]
        self.link({unit["name"]: self.compile(unit) for unit in self.units})

    def call(self, *command):
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, cwd=self.directory.parent)
        if done.returncode:
            raise Failure(" ".join(map(str, command)) + "\n"
                          + done.stdout.decode(errors="replace")[-3000:])

    def compiler(self, name, plain):
        is_cxx = name.endswith(".cpp")
        return ["clang-14", "clang++-14"][is_cxx] if plain else self.compilers[is_cxx]

    def mode(self):
        if self.job.variant in ("shared", "plugin"):
            return ["-fPIC"]
        if self.job.variant == "pie":
            return ["-fPIE"]
        return ["-fno-pie"]

    def compile(self, unit):
        name = unit["name"]
        language = ["-std=gnu11", "-fexceptions"]
        if name.endswith(".cpp"):
            language = ["-std=gnu++17"]
            if "coroutine" in self.job.features:
                language = ["-std=gnu++20", "-Wno-deprecated-volatile"]
        output = self.directory / (name + ".o")
        defines = []
        if self.has_plugin and name.startswith("main"):
            defines.append(f'-DEXACT_PLUGIN="{self.directory}/plugin.so"')
        self.call(self.compiler(name, unit["plain"]), *language, "-g", "-" + self.job.level,
                  "-Wall", "-Wno-unused", "-Wno-macro-redefined", *self.mode(), *self.flags,
                  *defines, "-I", SUPPORT, "-c", name, "-o", output)
        return output

    def labels(self):
        """Of the functions that were not inlined everywhere."""
        objects = [self.directory / (unit["name"] + ".o") for unit in self.units]
        done = subprocess.run(["nm", "-C", "--defined-only", "--format=posix", *objects],
                              stdout=subprocess.PIPE, check=True, text=True)
        names = (re.match(r"(.*) [a-zA-Z] [0-9a-f]+ [0-9a-f]*$", line)
                 for line in done.stdout.splitlines())
        return {frames.label(name[1]) for name in names if name}

    def support(self):
        sources = [SUPPORT / "exact.c"]
        if self.job.options.reference:
            sources.append(SUPPORT / "reference.c")
        return ["-std=gnu11", "-O2", "-g", "-I", SUPPORT, *sources]

    def link(self, objects):
        variant = self.job.variant
        linker = self.compilers[self.job.lang == "c++"]
        link_flags = ["-pthread", "-ldl", *self.flags]
        if variant in ("shared", "plugin"):
            # Other libraries' constructors need it.
            self.call("clang-14", "-shared", "-fPIC", *self.support(), "-o",
                      self.directory / "libexact.so")
            objects["exact"] = self.directory / "libexact.so"
            link_flags += ["-rdynamic", f"-Wl,-rpath,{self.directory}"]
        else:
            self.call("clang-14", *self.mode(), *self.support()[:5],
                      "-c", SUPPORT / "exact.c", "-o", self.directory / "exact.o")
            objects["exact"] = self.directory / "exact.o"
            if self.job.options.reference:
                self.call("clang-14", *self.mode(), *self.support()[:5],
                          "-c", SUPPORT / "reference.c", "-o", self.directory / "reference.o")
                objects["reference"] = self.directory / "reference.o"
        if variant == "shared":
            inside = [objects.pop(u["name"]) for u in self.units[1::2]]
            library = self.directory / "libpart.so"
            self.call(linker, "-shared", *link_flags, *inside, objects["exact"], "-o", library)
            objects["part"] = library
        if self.has_plugin:
            self.call(linker, "-shared", *link_flags, objects.pop(self.units[-1]["name"]),
                      objects["exact"], "-o", self.directory / "plugin.so")
        if variant == "static":
            link_flags.append("-static")
        elif variant == "no-pie":
            link_flags.append("-no-pie")
        elif variant == "pie":
            link_flags.append("-pie")
        self.call(linker, *objects.values(), *link_flags, "-o", self.program)


def jobs(options):
    for seed in options.seeds:
        for lang in options.lang:
            for level in options.levels:
                variants = options.variants
                if variants is None:
                    choice = random.Random(f"{seed} {lang} {level}")
                    variants = [choice.choice([v for v in VARIANTS
                                               if v != "static" or options.has_static])]
                for variant in variants:
                    yield Job(options, seed, lang, level, variant)


def attempt(job):
    try:
        with contextlib.redirect_stdout(io.StringIO()) as output:
            count = job.run()
        return count, None
    except (Failure, OSError, RuntimeError, subprocess.SubprocessError, ValueError) as error:
        return 0, output.getvalue() + str(error)


def kind_of(problem):
    for kind in ("allocations are wrong", "tested/program: ", "differs"):
        if problem and kind in problem:
            return kind
    return None


def narrow(job_and_problem):
    """A failing job with statements left out, as many as can be without its ceasing to fail."""
    job, problem = job_and_problem
    kind = kind_of(problem)
    if not kind:
        return job
    # Building the plain program, too, is half of the time.
    job = job.changed(narrowing=kind != "differs" and not job.options.reference)
    left = [n for n in range(job.build().statements) if n not in job.options.omit]
    size = len(left) // 2
    while size:
        start = 0
        while start < len(left):
            kept = left[:start] + left[start + size:]
            smaller = job.changed(omit=[*job.options.omit, *left[start:start + size]])
            if kind_of(attempt(smaller)[1]) == kind:
                job, left = smaller, kept
            else:
                start += size
        size //= 2
    return job


def can_link_statically():
    return subprocess.run(["clang-14", "-static", "-xc", "-", "-o", os.devnull],
                          input=b"int main(void) { return 0; }", stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def names(*allowed):
    def parse(text):
        values = text.split(",")
        for value in values:
            if value not in allowed:
                raise argparse.ArgumentTypeError(f"{value!r} is none of {', '.join(allowed)}")
        return values
    return parse


def parse(arguments):
    parser = argparse.ArgumentParser(description="Build, run and check generated programs.")
    parser.add_argument("--bin", type=pathlib.Path, help="directory of memtrack-cc and memtrack")
    parser.add_argument("--reference", action="store_true",
                        help="check against the unwound stack instead of MemTrack")
    parser.add_argument("--sanitize", action="store_true",
                        help="only run the programs under the sanitizers")
    parser.add_argument("--complete", action="store_true",
                        help="allocations made by uninstrumented code must be there, too")
    parser.add_argument("--seeds", type=generate.numbers, default=list(range(1, 11)),
                        metavar="A-B,...")
    parser.add_argument("--lang", type=names("c", "c++"), default=["c", "c++"])
    parser.add_argument("--levels", type=names("O0", "O1", "O2", "O3", "Os"),
                        default=["O0", "O2"])
    parser.add_argument("--variants", type=names(*VARIANTS))
    parser.add_argument("--files", type=int, default=5, help="translation units of a program")
    parser.add_argument("--without", type=generate.feature_list, default=[], metavar="FEATURE,...")
    parser.add_argument("--only", type=generate.feature_list, metavar="FEATURE,...")
    parser.add_argument("--omit", type=generate.numbers, default=[], metavar="A-B,...",
                        help="statements to leave out")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=float, default=60, help="seconds for one run")
    parser.add_argument("--symbolizer", default="llvm-symbolizer-14")
    parser.add_argument("--show", type=int, default=3, help="differences to print of a program")
    parser.add_argument("--narrow", action="store_true",
                        help="leave out of programs that failed what is not needed for that")
    parser.add_argument("--keep", help="directory for the files of the one job")
    options = parser.parse_args(arguments)
    if not (options.bin or options.reference or options.sanitize):
        parser.error("give --bin, --reference or --sanitize")
    if options.bin:
        options.bin = options.bin.resolve()
    if options.keep:
        options.keep = pathlib.Path(options.keep).resolve()
        shutil.rmtree(options.keep, ignore_errors=True)
    options.narrowing = False
    options.has_static = can_link_statically() and not (options.reference or options.sanitize)
    return options


def main(arguments):
    options = parse(arguments)
    programs, allocations, failed = 0, 0, []
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        todo = list(jobs(options))
        for job, (count, problem) in zip(todo, pool.map(attempt, todo)):
            programs += 1
            allocations += count
            if problem:
                failed.append((job, problem))
                print(f"{job}: {problem}\n    {job.command()}", flush=True)
        if options.narrow:
            for (job, _), small in zip(failed, pool.map(narrow, failed)):
                print(f"{job}, smaller:\n    {small.command()}", flush=True)
    if failed:
        print(f"{len(failed)} of {programs} programs failed")
        return 1
    print(f"{programs} programs, {allocations} allocations, all exact")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
