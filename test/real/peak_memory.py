#!/usr/bin/env python3
"""peak_memory.py OUTPUT COMMAND...

Runs COMMAND with its standard output to OUTPUT, and prints the most memory that it had resident, and
the most of that which was its own and not a file's, in KiB. Exits with its status.
"""

import resource
import subprocess
import sys
import time


def read_anonymous(pid):
    with open(f"/proc/{pid}/status") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("RssAnon:")), 0)


def main():
    anonymous = 0
    with open(sys.argv[1], "w") as output, subprocess.Popen(sys.argv[2:], stdout=output) as process:
        while process.poll() is None:
            try:
                anonymous = max(anonymous, read_anonymous(process.pid))
            except OSError:
                pass
            time.sleep(0.005)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, anonymous)
    sys.exit(process.returncode if process.returncode >= 0 else 128 - process.returncode)


if __name__ == "__main__":
    main()
