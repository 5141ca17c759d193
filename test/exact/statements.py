"""Ingredients for C and C++: what to call, and the statements around calls and allocations.

A callee returns a function of (link, n) that gives the call's expression; it may write
declarations first. Every call stands on the line of its link: HERE's own, or NEXT's.
"""

from program import Registry

CALLEES = Registry()
STATEMENTS = Registry()


def is_always_inline(body):
    """Such a function must not call one, since together they might not end."""
    return body.function.inline == "always"


def addressable(body):
    """The name of a function that can be pointed at."""
    names = [f.name for f in body.program.of_kind("plain", body.unit) if f.inline != "always"]
    return body.random.choice(names)


def pick_callee(body, registry=None):
    table = [(i.weight, i) for i in registry or CALLEES if i.applies(body)]
    return body.program.choose(table).emit(body)


def direct_targets(body, kind="plain"):
    return [f for f in body.program.of_kind(kind, body.unit)
            if not (is_always_inline(body) and f.inline == "always")]


@CALLEES(10)
def direct(body):
    target = body.random.choice(direct_targets(body, "calm" if body.calm else "plain"))
    return lambda link, n="n - 1": f"{target.name}({link}, {n})"


@CALLEES(12, when=lambda body: body.callables)
def given(body):
    name = body.random.choice(body.callables)
    return lambda link, n="n - 1": f"{name}({link}, {n})"


@CALLEES(5, "indirect", lambda body: not body.calm)
def indirect(body):
    pointer = f"pointer{body.program.unique()}"
    body.line(f"callback *volatile {pointer} = {addressable(body)};")
    return lambda link, n="n - 1": f"{pointer}({link}, {n})"


@CALLEES(4, "apply", lambda body: not body.calm and direct_targets(body, "apply"))
def apply(body):
    target = body.random.choice(direct_targets(body, "apply"))
    first, second = addressable(body), addressable(body)
    return lambda link, n="n - 1": f"{target.name}({first}, {second}, {link}, {n})"


@CALLEES(3, "variadic", lambda body: not body.calm and body.program.of_kind("variadic", body.unit))
def variadic(body):
    target = body.random.choice(body.program.of_kind("variadic", body.unit))
    callbacks = [addressable(body) for _ in range(body.random.randint(1, 3))]
    return lambda link, n="n - 1": (
        f"{target.name}({link}, {n}, {len(callbacks)}, {', '.join(callbacks)})")


@CALLEES(1, "deep", lambda body: not body.calm and body.program.of_kind("deep", body.unit))
def deep(body):
    target = body.random.choice(body.program.of_kind("deep", body.unit))
    depth = body.random.choice([5, 20, 100, 250])
    return lambda link, n="n - 1": f"{target.name}({link}, {depth})"


@CALLEES(2, "structure", lambda body: not body.calm and direct_targets(body, "structure"))
def structure(body):
    target = body.random.choice(direct_targets(body, "structure"))
    value = f"value{body.program.unique()}"
    body.line(f"struct program_structure {value} = {{{{n}}}};")
    return lambda link, n="n - 1": f"{target.name}({link}, {value}).part[0]"


def add(body, expression):
    for text in f"x += {expression};".split("\n"):
        body.line(text.rstrip())


@STATEMENTS(9)
def call(body):
    add(body, pick_callee(body)("HERE"))


@STATEMENTS(3)
def call_if(body):
    with body.block():
        first, second = pick_callee(body), pick_callee(body)
        body.line("if (exact_roll(2))")
        body.line("    x += " + first("HERE") + ";")
        body.line("else")
        body.line("    x += " + second("HERE") + ";")


@STATEMENTS(2, "merge", lambda body: not body.calm)
def call_same(body):
    """Two calls that an optimizer likes to make one, which then has no line."""
    with body.block():
        same = pick_callee(body)
        body.line("if (exact_roll(2))")
        body.line("    x += " + same("HERE") + ";")
        body.line("else")
        body.line("    x += " + same("HERE") + ";")


@STATEMENTS(4)
def call_loop(body):
    index = f"i{body.program.unique()}"
    with body.block():
        target = pick_callee(body)
        times = "2" if body.calm else "1 + (int)exact_roll(3)"
        heads = [f"for (int {index} = 0, end = {times}; {index} < end; {index}++)",
                 "do", "while (exact_roll(2))", "for (;;)"]
        shape = body.random.randrange(1 if body.calm else 4)
        if shape == 0:
            body.line(heads[0])
            add(body, target("HERE"))
        elif shape == 1:
            with body.block("do"):
                add(body, target("HERE"))
            body.line("while (exact_roll(3) == 0);")
        elif shape == 2:
            with body.block("while (exact_roll(2))"):
                add(body, target("HERE"))
        else:
            with body.block("for (;;)"):
                body.line("if (exact_roll(2))")
                body.line("    break;")
                add(body, target("HERE"))
                body.line("if (exact_roll(2))")
                body.line("    continue;")
                body.line("exact_sink = x;")


@STATEMENTS(2, when=lambda body: not body.calm)
def call_switch(body):
    with body.block():
        targets = [pick_callee(body) for _ in range(body.random.randint(2, 4))]
        with body.block(f"switch (exact_roll({len(targets) + 1}))"):
            for number, target in enumerate(targets):
                body.line(f"case {number}:")
                add(body, target("HERE"))
                body.line("/* fallthrough */" if body.random.random() < 0.3 else "break;")
            body.line("default:")
            body.line("x++;")


@STATEMENTS(2, when=lambda body: not body.calm)
def call_in_expression(body):
    with body.block():
        first, second = pick_callee(body), pick_callee(body)
        shape = body.random.randrange(3)
        if shape == 0:
            body.line("x += exact_roll(2)")
            body.line("         ? " + first("HERE"))
            body.line("         : " + second("HERE") + ";")
        elif shape == 1:
            body.line("x += " + first("HERE") + body.random.choice([" % 2 &&", " % 2 ||"]))
            body.line("     " + second("HERE") + " % 3;")
        else:
            add(body, first("HERE", "\n         (int)(" + second("HERE") + " % 4)"))


@STATEMENTS(1, "goto", lambda body: not body.calm and body.nesting == 0)
def call_goto(body):
    label = f"again{body.program.unique()}"
    counter = f"times{body.program.unique()}"
    with body.block():
        target = pick_callee(body)
        body.line(f"volatile int {counter} = 0;")
        body.line(f"{label}:")
        add(body, target("HERE"))
        body.line(f"if ({counter}++ < 1)")
        body.line(f"    goto {label};")


@STATEMENTS(2, when=lambda body: body.early)
def leave_early(body):
    with body.block():
        target = pick_callee(body)
        with body.block("if (exact_roll(3) == 0)"):
            add(body, target("HERE"))
            body.line("return exact_done(x);")


@STATEMENTS(4, "tail", lambda body: body.early and body.nesting == 0)
def tail_call(body):
    with body.block():
        target = pick_callee(body)
        body.line("if (exact_roll(2))")
        body.line("    return " + target("TAIL") + ";")


def musttail_targets(body):
    return [f for f in body.program.of_kind("plain", body.unit) if f.inline != "always"]


@STATEMENTS(2, "musttail", lambda body: body.early and body.nesting == 0
            and body.function.kind == "plain" and not is_always_inline(body))
def musttail_call(body):
    target = body.random.choice(musttail_targets(body))
    body.line("if (exact_roll(3) == 0)")
    body.line(f"    __attribute__((musttail)) return {target.name}(MUSTTAIL, n - 1);")


def allocate(body, expression, size="NOTE(1)", release="free(block);", before=()):
    """A block on a line of its own; `expression` makes it of `size`."""
    if body.calm:
        body.line("int calm = exact_self.calm;")
        body.line("exact_self.calm = 0;")
    body.line(f"size_t size = {size};")
    for text in before:
        body.line(text)
    body.line(f"void *block = {expression};")
    body.line("exact_hold(block);")
    if body.random.random() < 0.6:
        body.line(release)
    if body.calm:
        body.line("exact_self.calm = calm;")


@STATEMENTS(9)
def allocation(body):
    with body.block():
        allocate(body, body.random.choice([
            "malloc(size)", "malloc(size)", "malloc(size)", "calloc(1, size)", "calloc(size, 1)",
            "realloc(NULL, size)", "reallocarray(NULL, 1, size)", "aligned_alloc(64, size)",
            "memalign(32, size)"]))


@STATEMENTS(2, when=lambda body: not body.calm)
def special_allocation(body):
    with body.block():
        shape = body.random.randrange(4)
        if shape == 0:
            allocate(body, "exact_malloc(size)", "NOTE_UNSEEN(1)")
        elif shape == 1:
            allocate(body, "strdup(text)", "NOTE(2)",
                     before=["const char *text = exact_text(size);"])
        elif shape == 2:
            body.line("size_t size = NOTE(2);")
            body.line("void *block;")
            body.line("if (posix_memalign(&block, 64, size) == 0)")
            body.line("    free(exact_hold(block));")
        else:
            allocate(body, "malloc(size)", release="exact_sink = x;")
            body.line("size = NOTE(1);")
            body.line("block = realloc(block, size);")
            body.line("exact_hold(block);")


@STATEMENTS(2, "merge", lambda body: not body.calm)
def allocation_same(body):
    with body.block():
        allocate(body, "NULL", "0", release="exact_sink = x;")
        with body.block("if (x % 2)"):
            body.line("size = NOTE(1);")
            body.line("block = malloc(size);")
        with body.block("else"):
            body.line("size = NOTE(1);")
            body.line("block = malloc(size);")
        body.line("exact_hold(block);")


@STATEMENTS(4, "leaf", lambda body: direct_targets(body, "leaf"))
def leaf(body):
    target = body.random.choice(direct_targets(body, "leaf"))
    function = target
    link = "NEXT(1)"
    while function:
        link = (f"exact_enter({link}, {function.number}, {function.line}, {function.line}, "
                f"{function.flags})")
        function = function.inner
    with body.block():
        allocate(body, f"{target.name}(size)", f"exact_note({link})")


@STATEMENTS(1, "alloca", lambda body: body.frame and not body.calm)
def variable_array(body):
    room = f"room{body.program.unique()}"
    with body.block():
        target = pick_callee(body)
        if body.random.random() < 0.5:
            body.line(f"volatile unsigned {room}[1 + exact_roll(16)];")
        else:
            body.line(f"volatile unsigned *{room} =")
            body.line("    (volatile unsigned *)__builtin_alloca(4 + 4 * exact_roll(16));")
        body.line(f"{room}[0] = x;")
        add(body, target("HERE"))
        body.line(f"x += {room}[0];")


@STATEMENTS(4, "setjmp", lambda body: body.frame and not body.calm)
def set_jump(body):
    body.volatile = True
    early, body.early = body.early, False
    with body.block():
        first, second = pick_callee(body), pick_callee(body)
        body.line("struct exact_jump jump;")
        body.line("jump.saved = exact_self.state;")
        body.line("exact_self.state.jump = &jump;")
        head = body.random.choice(["setjmp(jump.env)", "_setjmp(jump.env)",
                                   "sigsetjmp(jump.env, 1)"])
        with body.block(f"if ({head} == 0)"):
            add(body, first("HERE"))
        with body.block("else"):
            body.line("exact_self.state = jump.saved;")
            add(body, second("HERE"))
        body.line("exact_self.state = jump.saved;")
        if body.random.random() < 0.5:
            add(body, second("HERE"))
    body.early = early


@STATEMENTS(3, "setjmp", lambda body: not body.calm)
def jump(body):
    body.line("if (exact_self.state.jump && exact_roll(3) == 0)")
    body.line("    longjmp(exact_self.state.jump->env, 1);")


@STATEMENTS(1, "getcontext", lambda body: body.frame and not body.calm)
def get_context(body):
    body.volatile = True
    with body.saved_state():
        first, second = pick_callee(body), pick_callee(body)
        body.line("ucontext_t context;")
        body.line("volatile int times = 0;")
        body.line("exact_self.state.jump = NULL;")
        body.line("getcontext(&context);")
        with body.block("if (times++ < 1)"):
            add(body, first("HERE"))
            body.line("setcontext(&context);")
        add(body, second("HERE"))


def comparator(body):
    return body.random.choice(body.program.of_kind("compare", body.unit)).name


def compares(body):
    return not body.calm and body.program.of_kind("compare", body.unit)


@STATEMENTS(2, "qsort", compares)
def sort(body):
    with body.block():
        body.line("struct exact_item items[3];")
        body.line("exact_fill(items, 3, NEXT(1), n - 1);")
        body.line(f"qsort(items, 3, sizeof *items, {comparator(body)});")


@STATEMENTS(2, "bsearch", compares)
def search(body):
    with body.block():
        body.line("struct exact_item items[3];")
        body.line("exact_fill(items, 3, NEXT(1), n - 1);")
        body.line(f"x += NULL != bsearch(items, items, 3, sizeof *items, {comparator(body)});")


def handles(body):
    return not body.calm and body.program.of_kind("handler", body.unit)


@STATEMENTS(2, "signal", handles)
def signal(body):
    handler = body.random.choice(body.program.of_kind("handler", body.unit)).name
    number = body.random.choice(["SIGUSR1", "SIGUSR2", "SIGWINCH"])
    if body.random.random() < 0.4:
        body.line("exact_signal_stack();")
        body.line(f"exact_signal({number}, {handler}, SA_ONSTACK);")
    else:
        body.line(f"exact_signal({number}, {handler}, 0);")
    action = body.random.choice([f"raise({number})", f"pthread_kill(pthread_self(), {number})"])
    body.line(f"exact_self.carry = HERE, {action};")


@STATEMENTS(1, "fault", lambda body: not body.calm and body.program.of_kind("fault", body.unit))
def fault(body):
    handler = body.random.choice(body.program.of_kind("fault", body.unit)).name
    if body.random.random() < 0.5:
        body.line("exact_signal_stack();")
        body.line(f"exact_signal(SIGSEGV, {handler}, SA_ONSTACK);")
    else:
        body.line(f"exact_signal(SIGSEGV, {handler}, 0);")
    body.line("exact_fault_forbid();")
    body.line("exact_self.carry = EXACT_HERE(EXACT_INTERRUPTED);")
    body.line("*exact_fault_page = 1;")


@STATEMENTS(1, "alarm", lambda body: not body.calm and body.program.of_kind("alarm", body.unit)
            and body.program.of_kind("calm", body.unit))
def alarm(body):
    handler = body.random.choice(body.program.of_kind("alarm", body.unit)).name
    target = body.random.choice(body.program.of_kind("calm", body.unit)).name
    with body.block("if (exact_take(&exact_storms_left))"):
        body.line(f"exact_signal(SIGALRM, {handler}, 0);")
        body.line("exact_alarm_start();")
        body.line("exact_self.calm = 1;")
        add(body, f"{target}(HERE, 5)")
        body.line("exact_self.calm = 0;")
        body.line("exact_alarm_stop();")


@STATEMENTS(2, "thread", lambda body: not body.calm and body.program.of_kind("start", body.unit))
def thread(body):
    start = body.random.choice(body.program.of_kind("start", body.unit)).name
    with body.block("if (exact_take(&exact_threads_left))"):
        body.line("pthread_t thread;")
        target = addressable(body)
        body.line(f"struct exact_start start = {{{target}, n - 1, exact_roll(1000), 0}};")
        with body.block(f"if (pthread_create(&thread, NULL, {start}, &start) == 0)"):
            body.line("pthread_join(thread, NULL);")
            body.line("x += start.result;")


def clean(body):
    return not body.calm and body.program.of_kind("clean", body.unit)


@STATEMENTS(1, "cleanup", clean)
def cleanup(body):
    cleaner = body.random.choice(body.program.of_kind("clean", body.unit)).name
    target = pick_callee(body)
    with body.barrier():
        body.line("exact_sink = x;")
        start = len(body.lines)
        body.line("")
        add(body, target("HERE"))
        body.line("exact_sink = x;")
    count = len(body.lines) - 1 - start
    body.lines[start] = (
        "    " * (body.depth + 1) + f"__attribute__((cleanup({cleaner}))) "
        f"struct exact_item item = {{WITHIN({count}), n - 1, 0}};")


@STATEMENTS(2, "generator", lambda body: not body.calm
            and body.program.of_kind("entry", body.unit)
            and body.program.of_kind("resume", body.unit))
def spawn(body):
    entry = body.random.choice(body.program.of_kind("entry", body.unit)).name
    resume = body.random.choice(body.program.of_kind("resume", body.unit)).name
    # A handler may be on the signal stack, which the next one takes for free while this one waits.
    with body.block("if (!exact_self.state.pinned)"):
        body.line("struct exact_generator *generator =")
        body.line(f"    exact_generator_new({addressable(body)}, n);")
        with body.block("if (generator)"):
            body.line(f"makecontext(&generator->own, {entry}, 0);")
            add(body, f"{resume}(generator, HERE, n - 1)")


@STATEMENTS(2, "generator", lambda body: not body.calm
            and body.program.of_kind("resume", body.unit))
def resume(body):
    resume = body.random.choice(body.program.of_kind("resume", body.unit)).name
    with body.block("if (!exact_self.state.pinned)"):
        body.line("struct exact_generator *generator = exact_pick();")
        body.line("if (generator)")
        body.line(f"    x += {resume}(generator, HERE, n - 1);")


@STATEMENTS(3, "generator", lambda body: not body.calm)
def suspend(body):
    with body.block("if (exact_self.generator && !exact_self.state.pinned)"):
        body.line("struct exact_generator *generator = exact_self.generator;")
        body.line("swapcontext(&generator->own, &generator->resumer);")


@STATEMENTS(1, "fork", lambda body: not body.calm)
def fork(body):
    target = pick_callee(body)
    with body.block("if (!exact_unloading && exact_take(&exact_forks_left))"):
        body.line("pid_t child = fork();")
        with body.block("if (child == 0)"):
            body.line("struct exact_state alone = {NULL, 0, 1};")
            body.line("exact_self.state = alone;")
            body.line("exact_process = (unsigned)getpid();")
            add(body, target("HERE"))
            body.line("exact_sink = x;")
            body.line("exact_self.leaving = HERE, exit(0);")
        body.line("if (child > 0)")
        body.line("    waitpid(child, NULL, 0);")


@STATEMENTS(1, "atexit", lambda body: not body.calm and body.program.of_kind("leave", body.unit))
def at_exit(body):
    leave = body.random.choice(body.program.of_kind("leave", body.unit)).name
    with body.block():
        body.line("static int done;")
        body.line("if (!exact_unloading && !done++)")
        body.line(f"    atexit({leave});")
