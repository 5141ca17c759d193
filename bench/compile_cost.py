"""What instrumentation adds to a source's code and to the time of its compiler."""

import glob
import os
import subprocess
import tempfile

import measure


def text_size(directory):
    """Bytes of the sections .text and .text.* of all objects."""
    lines = subprocess.run(["size", "-A", "-d", *glob.glob(f"{directory}/*.o")], text=True,
                           check=True, stdout=subprocess.PIPE).stdout.splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(".text"))


def measure_compiler(source, rounds, bin_directory, llvm):
    """Compiles a source, a list of C or C++ and the compiler's arguments, plain and with MemTrack
    in turn, after a round to warm up. Returns bytes of .text and user seconds, "plain" and
    "tracked"."""
    if not source:
        raise measure.Failed("no source to compile")
    language, *arguments = source
    compilers = {"plain": {"C": "clang", "C++": "clang++"}[language] + f"-{llvm}",
                 "tracked": os.path.join(bin_directory,
                                         {"C": "memtrack-cc", "C++": "memtrack-c++"}[language])}
    found = {kind: {"text": 0, "seconds": []} for kind in compilers}
    with tempfile.TemporaryDirectory() as directory:
        for kind in compilers:
            os.mkdir(os.path.join(directory, kind))
        for number in range(rounds + 1):
            for kind in list(compilers)[::-1 if number % 2 else 1]:
                seconds = measure.user_seconds([compilers[kind], *arguments, "-c"],
                                               os.path.join(directory, kind))
                if number:
                    found[kind]["seconds"].append(seconds)
        for kind in compilers:
            found[kind]["text"] = text_size(os.path.join(directory, kind))
    return found
