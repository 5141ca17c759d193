# Runs memtrack dump -o OUT TRACE with a terminal as standard error, and stops it for a while once OUT
# is being written, so that it has reason to tell how far it is. Prints what it showed, without
# figures, and how it ended. "interrupt" sends a signal after the first line of progress.
import fcntl
import glob
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

mode, columns, memtrack, out, trace = sys.argv[1:]
terminal, theirs = os.openpty()
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
# A test that runs in the background may have been told to ignore it.
signal.signal(signal.SIGINT, signal.SIG_DFL)
program = subprocess.Popen([memtrack, "dump", "-o", out, trace], stderr=theirs)
os.close(theirs)


def written():
    return any(os.path.getsize(path) for path in glob.glob(out + ".*.part"))


while program.poll() is None and not written():
    time.sleep(0.001)
program.send_signal(signal.SIGSTOP)
time.sleep(0.8)
program.send_signal(signal.SIGCONT)

shown = b""
while True:
    try:
        if select.select([terminal], [], [], 30)[0]:
            shown += os.read(terminal, 65536)
    except OSError:  # the other end is closed
        break
    if mode == "interrupt" and b"%" in shown:
        program.send_signal(signal.SIGINT)
        mode = "interrupted"
status = program.wait()

lines = shown.decode().split("\r\x1b[K")
for line in sorted({re.sub(r"[0-9.]+", "N", re.sub(r"[#-]{8,}", "bar", line)) for line in lines}):
    print(f"shown '{line}'")
print("longest", max(map(len, lines)) < int(columns))
print("wiped", lines[-1] == "")
print("status", status)
print("left", sorted(os.path.basename(path) for path in glob.glob(out + "*")))
