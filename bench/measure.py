"""What a run of a program costs, and medians; for the scripts here.

The CPU time of single threads is read when they end, which a tracer sees: the kernel stops each
thread there and where it starts, and nowhere else, so that tracing costs nothing while it runs. A
program that does not let itself be traced cannot be measured like this.
"""

import collections
import ctypes
import os
import statistics
import time

# linux/ptrace.h, linux/wait.h
PTRACE_TRACEME, PTRACE_CONT, PTRACE_SETOPTIONS = 0, 7, 0x4200
PTRACE_O_TRACECLONE, PTRACE_O_TRACEEXIT, PTRACE_O_EXITKILL = 1 << 3, 1 << 6, 1 << 20
WALL = 0x40000000
SIGTRAP, SIGSTOP = 5, 19

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long

# Seconds, MiB; writer is what of cpu the runtime's own thread used.
Run = collections.namedtuple("Run", "wall cpu writer rss faults")


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, data) == -1:
        raise OSError(ctypes.get_errno(), "ptrace")


def start(command, environment, out):
    """Starts a command, a list; out is a descriptor for its output. Returns its process, stopped."""
    pid = os.fork()
    if pid == 0:
        try:
            ptrace(PTRACE_TRACEME, 0)
            os.dup2(out, 1)
            os.dup2(out, 2)
            os.execvpe(command[0], command, environment)
        finally:
            os._exit(127)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        raise SystemExit(f"cannot be run or traced: {command[0]}")
    ptrace(PTRACE_SETOPTIONS, pid, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)
    return pid


def thread_cpu(pid, thread):
    """The name of a thread and its nanoseconds of CPU."""
    with open(f"/proc/{pid}/task/{thread}/comm") as comm, \
            open(f"/proc/{pid}/task/{thread}/schedstat") as schedstat:
        return comm.read().strip(), int(schedstat.read().split()[0])


def peak_rss(pid):
    """MiB, since the program was executed. (ru_maxrss counts Python's before that.)"""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))


def run(command, **variables):
    """Runs a command, a list, with variables of the environment and no output."""
    out = os.open(os.devnull, os.O_WRONLY)
    pid = start(command, {**os.environ, **variables}, out)
    os.close(out)
    threads, seen, rss = {}, {pid}, 0.0
    begin = time.monotonic()
    thread, signal = pid, 0
    while True:
        try:
            ptrace(PTRACE_CONT, thread, signal)
        except ProcessLookupError:
            pass  # exit_group, or exec, by another thread ended it in its stop
        while True:
            # Looks first and reaps then: of a thread that exit_group ends there may be no stop.
            thread = os.waitid(os.P_ALL, 0, os.WEXITED | os.WSTOPPED | os.WNOWAIT | WALL).si_pid
            try:
                threads[thread] = thread_cpu(pid, thread)
                rss = peak_rss(pid)
            except (OSError, StopIteration):
                pass  # a child of the program's, or no memory any more
            _, status, usage = os.wait4(thread, WALL)
            if os.WIFSTOPPED(status):
                break
            if thread == pid:
                wall = time.monotonic() - begin
                if status:
                    raise SystemExit(f"failed with status {status}: {' '.join(command)}")
                writer = sum(cpu for name, cpu in threads.values() if name == "memtrack")
                return Run(wall, usage.ru_utime + usage.ru_stime, writer / 1e9, rss,
                           usage.ru_minflt)
        signal = os.WSTOPSIG(status)
        # Events, and the stop that each new thread begins with, are none of the program's signals.
        if signal == SIGTRAP or signal == SIGSTOP and thread not in seen:
            signal = 0
        seen.add(thread)


def cpu_of_command(command):
    """User seconds of a command, a list, and of what it runs."""
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"failed with status {status}: {' '.join(command)}")
    return usage.ru_utime


class Spread:
    """Median and quartiles."""

    def __init__(self, values):
        values = list(values)
        self.median = statistics.median(values)
        self.low, _, self.high = (
            statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3)

    def __str__(self):
        return f"{self.median:.3f} ({self.low:.3f}-{self.high:.3f})"
