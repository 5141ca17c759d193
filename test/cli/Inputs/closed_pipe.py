# Runs a command whose standard output is a pipe that nobody reads.
import os
import subprocess
import sys

reader, writer = os.pipe()
os.close(reader)
done = subprocess.run(sys.argv[1:], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
print(f"status {done.returncode}, stderr {done.stderr!r}")
