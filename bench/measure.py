"""What a run of a program costs, and medians; for the scripts here.

The CPU time of single threads is read when they end, which a tracer sees: the kernel stops each
thread there, and where threads and processes start, and nowhere else, so that tracing costs nothing
while they run. A program that does not let itself be traced cannot be measured like this.
"""

import collections
import ctypes
import os
import resource
import signal
import statistics
import time

# linux/ptrace.h, linux/wait.h, linux/prctl.h
PTRACE_TRACEME, PTRACE_CONT, PTRACE_SETOPTIONS = 0, 7, 0x4200
PTRACE_O_TRACEFORK, PTRACE_O_TRACEVFORK, PTRACE_O_TRACECLONE = 1 << 1, 1 << 2, 1 << 3
PTRACE_O_TRACEEXEC, PTRACE_O_TRACEEXIT, PTRACE_O_EXITKILL = 1 << 4, 1 << 6, 1 << 20
PTRACE_EVENT_EXEC = 4
WALL = 0x40000000
PR_SET_CHILD_SUBREAPER = 36

WRITER = "memtrack"  # how the names of the runtime's own threads begin

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long

# Seconds of CPU of all processes, and of the program's own threads: without the runtime's, and
# without the processes of a tool; wall seconds from the program's start to its end, and of the whole
# command; peaks of memory
# in MiB, of the program and together of the processes that ran beside it; page faults; the number
# of the program's own threads.
Run = collections.namedtuple("Run", "wall whole cpu own rss helpers faults threads")


class Failed(Exception):
    """A program that cannot be run, fails, or takes too long; says which and how."""


class _TooLong(Exception):
    pass


def _too_long(*_):
    raise _TooLong


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, data) == -1:
        raise OSError(ctypes.get_errno(), "ptrace")


def start(command, environment, out, limits):
    """Starts a command, a list; out is a descriptor for its output. Returns its process, stopped."""
    pid = os.fork()
    if pid == 0:
        try:
            ptrace(PTRACE_TRACEME, 0)
            for limit, value in limits.items():
                resource.setrlimit(limit, (value, value))
            os.dup2(out, 1)
            os.dup2(out, 2)
            os.execvpe(command[0], command, environment)
        finally:
            os._exit(127)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        raise Failed(f"cannot be run or traced: {command[0]}")
    ptrace(PTRACE_SETOPTIONS, pid,
           PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
           PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)
    return pid


def status_line(thread, key):
    with open(f"/proc/{thread}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(key))


class _Tracer:
    """Follows a process and all that it starts until the last has ended."""

    def __init__(self, pid, program):
        self.pid, self.program = pid, program
        self.leader = None if program else pid
        self.begin, self.end = time.monotonic(), None
        self.processes = {}  # of threads
        self.cpu = {}        # of threads: name, nanoseconds
        self.rss = {}        # of processes
        self.ended = set()   # processes
        self.beside = set()  # processes that ran while the program did, itself included
        self.status = 0

    def look(self, thread):
        """Reads what is known of a thread that has stopped or ended."""
        try:
            if thread not in self.processes:
                self.processes[thread] = status_line(thread, "Tgid:")
            with open(f"/proc/{thread}/comm") as comm, \
                    open(f"/proc/{thread}/schedstat") as schedstat:
                self.cpu[thread] = comm.read().strip(), int(schedstat.read().split()[0])
            # ru_maxrss would count Python's before the exec.
            self.rss[self.processes[thread]] = status_line(thread, "VmHWM:") / 1024
            if self.leader and not self.end:
                self.beside.add(self.processes[thread])
        except (OSError, StopIteration):
            pass  # no memory any more

    def executed(self, thread):
        # The first, should the program start itself again.
        if not self.leader and os.path.realpath(f"/proc/{thread}/exe") == self.program:
            self.leader = thread
            self.begin = time.monotonic()
            self.beside = set(self.processes.values()) - self.ended

    def follow(self):
        seen = {self.pid}
        thread, number = self.pid, 0
        while True:
            try:
                ptrace(PTRACE_CONT, thread, number)
            except ProcessLookupError:
                pass  # exit_group, or exec, by another thread ended it in its stop
            while True:
                # Looks first and reaps then: of a thread that exit_group ends there may be no stop.
                try:
                    thread = os.waitid(os.P_ALL, 0,
                                       os.WEXITED | os.WSTOPPED | os.WNOWAIT | WALL).si_pid
                except ChildProcessError:
                    return
                self.look(thread)
                _, status = os.waitpid(thread, WALL)
                if os.WIFSTOPPED(status):
                    break
                self.ended.add(thread)
                if thread == self.leader:
                    self.end = time.monotonic()
                if thread == self.pid:
                    self.status = status
            if status >> 16 == PTRACE_EVENT_EXEC:
                self.executed(thread)
            number = os.WSTOPSIG(status)
            # Events, and the stop that each new thread begins with, are none of the program's
            # signals.
            if number == signal.SIGTRAP or number == signal.SIGSTOP and thread not in seen:
                number = 0
            seen.add(thread)

    def kill(self):
        """Ends what has not ended."""
        # Numbers of those that have ended may be other processes' by now.
        for process in {self.pid, *self.processes.values()} - self.ended:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while True:
                thread, status = os.waitpid(-1, WALL)
                if os.WIFSTOPPED(status):
                    try:
                        ptrace(PTRACE_CONT, thread)
                    except ProcessLookupError:
                        pass
        except ChildProcessError:
            pass

    def own(self, others):
        return {thread: cpu for thread, (name, cpu) in self.cpu.items()
                if self.processes[thread] == self.leader and not name.startswith(others)}


def run(command, environment, program=None, timeout=0, limits={}, others=(WRITER,)):
    """Runs a command, a list, without output, and all that it starts to its end. The program is the
    file of the process to measure, where the command is a script that starts it. Threads whose names
    begin like one of `others` are none of its own."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = os.open(os.devnull, os.O_WRONLY)
    begin = time.monotonic()
    pid = start(command, environment, out, limits)
    os.close(out)
    tracer = _Tracer(pid, program and os.path.realpath(program))
    handler = signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        tracer.follow()
    except _TooLong:
        raise Failed(f"is not done after {timeout:.0f} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        tracer.kill()
    if tracer.status:
        raise Failed(f"exit status {os.WEXITSTATUS(tracer.status)}" if os.WIFEXITED(tracer.status)
                     else f"killed by signal {os.WTERMSIG(tracer.status)}")
    if tracer.end is None:
        raise Failed(f"does not run {program}")
    own = tracer.own(others)
    if not sum(own.values()):
        raise Failed("the kernel does not tell the CPU time of threads")

    whole = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rss = tracer.rss.get(tracer.leader, 0.0)
    helpers = sum(tracer.rss.get(process, 0.0) for process in tracer.beside - {tracer.leader})
    return Run(tracer.end - tracer.begin, whole, cpu, sum(own.values()) / 1e9, rss, helpers,
               after.ru_minflt - before.ru_minflt, len(own))


def user_seconds(command, directory):
    """User seconds of a command, a list, and of what it runs."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    pid = os.fork()
    if pid == 0:
        try:
            os.chdir(directory)
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    _, status = os.waitpid(pid, 0)
    if status:
        raise Failed(f"{os.path.basename(command[0])} fails")
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def spread(values):
    """Median, quartiles and count of values, as a dictionary; None of no values."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    low, _, high = (statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1
                    else values * 3)
    return {"median": statistics.median(values), "low": low, "high": high, "count": len(values)}
