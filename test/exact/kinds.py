"""The kinds of functions of a generated program, C and C++ alike: first all of their names, so that
anything may call anything, then their bodies."""

import contextlib

from program import Body
from statements import STATEMENTS, add, allocation, direct_targets, pick_callee

# What puts back the state that exceptions and longjmp rely on, around a body they may not leave.
ENTER_ALONE = ("struct exact_state saved = exact_self.state;",)
LEAVE_ALONE = ("exact_sink = x;", "exact_self.state = saved;")


def storage(program, unit, extern=0.5):
    """static, anonymous or extern. A plugin can be reached by its entry only."""
    if unit.plugin or not program.chance(extern):
        return "anonymous" if unit.is_cxx and program.chance(0.4) else "static"
    return "extern"


def attributes(program, function):
    """Chooses whether the function may, must or must not be inlined."""
    if "inline" not in program.features:
        function.inline = "never"
        function.attributes = "__attribute__((noinline)) "
        return
    local = function.storage != "extern"
    function.inline = program.choose([(4, "never"), (5, "maybe"), (1.5 if local else 0, "always")])
    if function.inline == "never":
        function.attributes = program.choose([
            (8, "__attribute__((noinline)) "), (1, "__attribute__((noinline, cold)) "),
            (1, "__attribute__((noinline, hot)) "), (1, "__attribute__((noinline, optnone)) ")])
        if "flatten" in program.features and program.chance(0.1):
            function.attributes = "__attribute__((flatten)) "
    elif function.inline == "always":
        function.attributes = "inline __attribute__((always_inline)) "
    elif local:
        function.attributes = program.choose([(3, ""), (2, "inline ")])


PROTOTYPES = {
    "plain": "unsigned {name}(unsigned up, int n)",
    "calm": "unsigned {name}(unsigned up, int n)",
    "deep": "unsigned {name}(unsigned up, int n)",
    "finish": "unsigned {name}(unsigned up, int n)",
    "quit": "unsigned {name}(unsigned up, int n)",
    "apply": "unsigned {name}(callback *first, callback *second, unsigned up, int n)",
    "variadic": "unsigned {name}(unsigned up, int n, int count, ...)",
    "structure": "struct program_structure {name}(unsigned up, struct program_structure value)",
    "compare": "int {name}(const void *left, const void *right)",
    "handler": "void {name}(int number)",
    "fault": "void {name}(int number)",
    "alarm": "void {name}(int number)",
    "start": "void *{name}(void *argument)",
    "clean": "void {name}(struct exact_item *item)",
    "entry": "void {name}(void)",
    "resume": "unsigned {name}(struct exact_generator *generator, unsigned up, int n)",
    "leave": "void {name}(void)",
    "construct": "void {name}(void)",
    "destruct": "void {name}(void)",
    "key": "void {name}(void *value)",
    "leaf": "void *{name}(size_t size)",
}


def prototype(function):
    return PROTOTYPES[function.kind].format(name=function.name)


def suffix(function):
    """What declaration and definition have after the parameters."""
    return " EXACT_NOEXCEPT" if "noexcept" in function.attributes else ""


def attributes_text(function):
    return function.attributes.replace("noexcept ", "")


def declare(program, function):
    text = attributes_text(function) + prototype(function) + suffix(function) + ";"
    if function.storage == "static":
        function.unit.forward.append("static " + text)
    elif function.storage == "anonymous":
        function.unit.forward.append("namespace { " + text + " }")
    elif function.c_linkage or not function.unit.is_cxx:
        function.c_linkage = True
        program.declarations.append("EXACT_C " + text)
    else:
        program.cxx_declarations.append("extern " + text)


def head(function):
    text = attributes_text(function) + prototype(function) + suffix(function)
    if function.storage == "static":
        return "static " + text
    if function.storage == "anonymous":
        return "namespace { " + text
    return text


def finish_definition(function, lines):
    if function.storage == "anonymous":
        lines[-1] += " }"
    function.unit.bodies.append(lines)


def name_all(program):
    """Adds the functions of every enabled kind to the units."""
    counts = [("plain", (3, 5), None), ("apply", (1, 2), "apply"), ("variadic", (0, 1), "variadic"),
              ("deep", (0, 1), "deep"), ("structure", (0, 1), "structure"),
              ("handler", (0, 2), "signal"), ("fault", (0, 1), "fault"),
              ("start", (0, 2), "thread"), ("clean", (0, 1), "cleanup"),
              ("entry", (0, 1), "generator"), ("resume", (0, 1), "generator"),
              ("leave", (0, 1), "atexit"), ("construct", (0, 1), "constructor"),
              ("destruct", (0, 1), "constructor"), ("key", (0, 1), "key"),
              ("calm", (1, 2), "alarm"), ("alarm", (0, 1), "alarm")]
    for unit in program.units:
        name_leaves(program, unit)
        for kind, (low, high), feature in counts:
            if feature and feature not in program.features:
                continue
            for _ in range(program.random.randint(low, high)):
                name_one(program, unit, kind)
        if {"qsort", "bsearch", "sort"} & program.features:
            for _ in range(program.random.randint(0, 2)):
                name_one(program, unit, "compare")
    # Whoever can make a generator needs one to resume it, and so on: the first unit lends its own.
    for kind, feature in (("entry", "generator"), ("resume", "generator"), ("start", "thread")):
        if feature in program.features and not program.of_kind(kind, program.units[-1]):
            name_one(program, program.units[0], kind, "extern")
    if "exit" in program.features:
        name_one(program, program.random.choice([u for u in program.units if not u.plugin]),
                 "finish", "extern")
    if "thread_exit" in program.features and "thread" in program.features:
        name_one(program, program.units[0], "quit", "extern")


def name_one(program, unit, kind, forced=None):
    function = program.add(kind, unit, storage=forced or storage(program, unit))
    if kind in ("construct", "destruct"):
        function.storage = "static"
        function.inline = "never"
        function.attributes = f"__attribute__(({kind}or)) "
    elif kind == "variadic":
        function.inline = "never"
    elif kind in ("plain", "calm", "deep", "apply", "structure"):
        attributes(program, function)
    if kind in ("deep", "calm") and function.inline == "always":
        # They call themselves.
        function.inline = "never"
        function.attributes = "__attribute__((noinline)) "
    if kind == "plain" and unit.is_cxx and "noexcept" in program.features and program.chance(0.2):
        function.attributes += "noexcept "
    if function.storage == "extern":
        function.c_linkage = not unit.is_cxx or program.chance(0.3)
    declare(program, function)
    return function


def name_leaves(program, unit):
    """Leaves have no link: their callers know the line. So their text is written at once."""
    if "leaf" not in program.features:
        return
    known = []
    for _ in range(program.random.randint(1, 3)):
        function = program.add("leaf", unit, storage=storage(program, unit))
        attributes(program, function)
        inner = None
        if known and program.chance(0.6):
            inner = program.random.choice(known)
            if "always" in (function.inline, inner.inline):
                inner = None
        call = f"{inner.name}(size)" if inner else "malloc(size)"
        function.inner = inner
        lines = [head(function) + " {"]
        if "musttail" in program.features and function.inline != "always" and program.chance(0.3):
            function.flags = "EXACT_MUSTTAIL"
            lines.append(f"    __attribute__((musttail)) return {call};")
        elif program.chance(0.5):
            function.flags = "EXACT_TAIL" if inner else "EXACT_ALLOCATION"
            lines.append(f"    return {call};")
        else:
            lines.append(f"    void *block = {call};")
            lines.append("    exact_sink = 1;")
            lines.append("    return block;")
        lines.append("}")
        if function.storage == "extern":
            function.c_linkage = True
        if function.storage == "anonymous":
            lines[-1] += " }"
        function.line = len(unit.PROLOGUE) + len(unit.leaves) + 2
        unit.leaves += [*lines, ""]
        if function.storage == "extern":
            program.declarations.append("EXACT_C " + attributes_text(function)
                                        + prototype(function) + ";")
        known.append(function)


def write(program, function, prologue, epilogue, ingredients=STATEMENTS, count=(2, 4), first=(),
          guarded=False, **traits):
    """A body of random statements. `first` are lines before them. `guarded`: what comes after
    them is to be done without fuel, too."""
    traits.setdefault("frame", function.inline != "always")
    body = Body(program, function.unit, function, **traits)
    for line in first:
        body.line(line)
    with body.block("if (!exact_spent(n))") if guarded else contextlib.nullcontext():
        body.fill(program.random.randint(*count), ingredients)
    finish_definition(function, body.render(head(function), prologue, epilogue))


SPENT = ("if (exact_spent(n))", "    return exact_done(1);")


def write_plain(program, function):
    alone = "noexcept" in function.attributes
    traits = {"early": not alone, "frame": function.inline != "always"}
    if function.kind == "apply":
        traits["callables"] = ["first", "second"]
    first, epilogue = SPENT, ("return exact_done(x);",)
    prologue = ()
    if alone:
        prologue = ENTER_ALONE
        first = (*SPENT, "exact_self.state.tries = 0;")
        epilogue = (*LEAVE_ALONE, "return exact_done(x);")
    elif "tail" in program.features and program.chance(0.3):
        body = Body(program, function.unit, function, **traits)
        for line in first:
            body.line(line)
        body.fill(program.random.randint(1, 3), STATEMENTS)
        target = pick_callee(body)
        body.line("exact_sink = x;")
        body.line(f"return {target('TAIL')};")
        finish_definition(function, body.render(head(function), (), ()))
        return
    write(program, function, prologue, epilogue, first=first, **traits)


def write_calm(program, function):
    write(program, function, (), ("return exact_done(x);",), first=SPENT_CALM, calm=True,
          frame=False)


# No fuel: an alarm takes its own.
SPENT_CALM = ("if (n <= 0)", "    return exact_done(1);", "exact_spin();")


def write_deep(program, function):
    body = Body(program, function.unit, function)
    with body.block("if (n > 0)"):
        partner = program.random.choice(direct_targets(body, "deep"))
        if "tail" in program.features and program.chance(0.3):
            body.line(f"return {partner.name}(TAIL, n - 1);")
        elif program.chance(0.5):
            body.line(f"return exact_done({partner.name}(HERE, n - 1));")
        else:
            body.line(f"x += {partner.name}(HERE, n - 1);")
            body.line("return exact_done(x);")
    body.line("n = 3;")
    body.line("exact_self.fuel -= 20;")
    body.line("if (exact_self.fuel <= 0)")
    body.line("    return exact_done(1);")
    body.fill(program.random.randint(1, 2), STATEMENTS)
    finish_definition(function, body.render(head(function), (), ("return exact_done(x);",)))


def write_structure(program, function):
    prologue = ("int n = value.part[0] - 1;",)
    epilogue = ("value.part[0] = (int)exact_done(x % 1000);", "return value;")
    write(program, function, prologue, epilogue, count=(1, 2),
          first=("if (exact_spent(n))", "    return value;"))


def write_variadic(program, function):
    body = Body(program, function.unit, function)
    for line in SPENT:
        body.line(line)
    body.line("va_list list;")
    body.fill(program.random.randint(0, 2), STATEMENTS)
    body.line("va_start(list, count);")
    body.line("for (int i = 0; i < count; i++)")
    body.line("    x += va_arg(list, callback *)(HERE, n - 1);")
    body.line("va_end(list);")
    finish_definition(function, body.render(head(function), (), ("return exact_done(x);",)))


def write_compare(program, function):
    write(program, function,
          ("const struct exact_item *a = (const struct exact_item *)left;",
           "const struct exact_item *b = (const struct exact_item *)right;",
           "unsigned up = a->up;", "int n = a->n - 1;"),
          ("exact_sink = x;", "return (a->key > b->key) - (a->key < b->key);"), count=(1, 2),
          guarded=True)


def write_handler(program, function):
    last = ("exact_fault_allow();",) if function.kind == "fault" else ()
    write(program, function,
          (*ENTER_ALONE, "unsigned up = exact_self.carry;", "int n = 3;"),
          (*last, "exact_sink = x + (unsigned)number;", *LEAVE_ALONE), count=(1, 3),
          guarded=True, first=("exact_self.state.tries = 0;", "exact_self.state.pinned = 1;"))


def write_alarm(program, function):
    write(program, function,
          ("struct exact_self saved = exact_self;", "unsigned up = 0;", "int n = 2;"),
          ("exact_sink = x;", "exact_self = saved;"), count=(2, 3), calm=True, frame=False,
          first=("if (!exact_self.calm || !exact_take(&exact_alarms_left))", "    return;",
                 "exact_self.calm = 0;", "up = exact_enter(0, 0, 0, 0, EXACT_OPEN);",
                 "exact_sink = (unsigned)number;"))


def write_start(program, function):
    body = Body(program, function.unit, function)
    body.line("exact_begin_thread(start);")
    keys = program.of_kind("key", function.unit)
    if keys:
        body.line(f"pthread_setspecific(program_{program.random.choice(keys).name}, start);")
    body.fill(program.random.randint(0, 2), STATEMENTS)
    body.line("x += start->body(HERE, n);")
    body.line("start->result = x;")
    quits = program.of_kind("quit", function.unit)
    if quits and program.chance(0.7):
        with body.block("if (exact_roll(2))"):
            body.line(f"exact_sink = {program.random.choice(quits).name}(HERE, 2);")
    finish_definition(function, body.render(
        head(function),
        ("struct exact_start *start = (struct exact_start *)argument;", "unsigned up = 0;",
         "int n = start->n;"), ("exact_sink = x;", "return NULL;")))


def write_quit(program, function):
    """Leaves the thread from a few frames down."""
    body = Body(program, function.unit, function)
    with body.block("if (n > 0)"):
        body.line(f"x += {function.name}(HERE, n - 1);")
        body.line("return exact_done(x);")
    allocation(body)
    body.line("pthread_exit(NULL);")
    finish_definition(function, body.render(head(function), (), ("return exact_done(x);",)))


def write_finish(program, function):
    body = Body(program, function.unit, function)
    with body.block("if (n > 0)"):
        body.line(f"x += {function.name}(HERE, n - 1);")
        body.line("return exact_done(x);")
    allocation(body)
    body.line("exact_self.leaving = HERE, exit(0);")
    finish_definition(function, body.render(head(function), (), ("return exact_done(x);",)))


def write_clean(program, function):
    write(program, function, (*ENTER_ALONE, "unsigned up = item->up;", "int n = item->n;"),
          LEAVE_ALONE, count=(1, 2), guarded=True,
          first=("exact_self.state.tries = 0;", "exact_self.state.jump = NULL;",
                 "exact_self.state.pinned = 1;"))


def write_entry(program, function):
    body = Body(program, function.unit, function)
    with body.block("if (!exact_spent(n))"):
        body.fill(program.random.randint(0, 1), STATEMENTS)
        body.line("x += generator->body(HERE, n);")
        body.fill(program.random.randint(0, 1), STATEMENTS)
    epilogue = ["generator->result = exact_done(x);", "generator->done = 1;"]
    if program.chance(0.4):
        epilogue.append("swapcontext(&generator->own, &generator->resumer);")
    finish_definition(function, body.render(
        head(function),
        ("struct exact_generator *generator = exact_self.generator;",
         "unsigned up = exact_enter(0, 0, 0, 0, EXACT_BOTTOM);", "int n = generator->n;"),
        epilogue))


def write_resume(program, function):
    body = Body(program, function.unit, function)
    body.fill(program.random.randint(0, 1), STATEMENTS)
    body.line("struct exact_resumer resumer;")
    body.line("exact_switch_in(&resumer, generator, NEXT(1));")
    body.line("swapcontext(&generator->resumer, &generator->own);")
    body.line("exact_switch_out(&resumer);")
    body.line("x += generator->result;")
    body.fill(program.random.randint(0, 2), STATEMENTS)
    finish_definition(function, body.render(head(function), (), ("return exact_done(x);",)))


def write_rootless(program, function):
    """Called from below main, before it or after it."""
    up = {"construct": "exact_self.loading", "key": "0"}.get(function.kind, "exact_self.leaving")
    first = ["exact_self.fuel = 6;", "exact_self.state = alone;"]
    if function.kind == "key":
        first.append("exact_sink = value != NULL;")
    if function.kind == "destruct":
        first.append("exact_unloading = 1;")
    write(program, function,
          (f"unsigned up = {up};", "int n = 3;", "struct exact_state alone = {NULL, 0, 1};"),
          ("exact_sink = x;",), count=(1, 2), first=first)


WRITERS = {
    "plain": write_plain, "apply": write_plain, "calm": write_calm, "deep": write_deep,
    "structure": write_structure, "variadic": write_variadic, "compare": write_compare,
    "handler": write_handler, "fault": write_handler, "alarm": write_alarm, "start": write_start,
    "quit": write_quit, "finish": write_finish, "clean": write_clean, "entry": write_entry,
    "resume": write_resume, "leave": write_rootless, "construct": write_rootless,
    "destruct": write_rootless, "key": write_rootless,
}


def write_all(program):
    for function in list(program.functions):
        if function.kind in WRITERS:
            WRITERS[function.kind](program, function)
    for function in program.of_kind("key"):
        program.declarations.append(f"extern pthread_key_t program_{function.name};")
        # Constructors start threads before main makes the key.
        function.unit.forward.append(
            f"pthread_key_t program_{function.name} = (pthread_key_t)-1;")
        if function.visible_from(program.units[0]):
            program.setup.append(f"pthread_key_create(&program_{function.name}, {function.name});")


def write_plugin(program):
    """The entry of the unit that may be a library; main finds it by name."""
    unit = program.units[-1]
    function = program.add("plugin", unit, name="plugin_entry", storage="extern", inline="never",
                           c_linkage=True)
    program.declarations.append("EXACT_C unsigned plugin_entry(unsigned up, int n);")
    body = Body(program, unit, function, early=True)
    for line in SPENT:
        body.line(line)
    body.fill(3, STATEMENTS)
    for target in direct_targets(body)[:3]:
        add(body, f"{target.name}(HERE, n - 1)")
    unit.bodies.append(body.render("unsigned plugin_entry(unsigned up, int n)", (),
                                   ("return exact_done(x);",)))


PLUGIN_CALL = """\
#ifdef EXACT_PLUGIN
    exact_self.loading = HERE, library = dlopen(EXACT_PLUGIN, RTLD_NOW);
    exact_self.loading = 0;
    entry = library ? (callback *)dlsym(library, "plugin_entry") : NULL;
    if (!entry)
        return 2;
#else
    entry = plugin_entry;
#endif
    for (unsigned turn = 0; turn < 3; turn++) {
        exact_root(turn);
        x += entry(HERE, 5);
    }
#ifdef EXACT_PLUGIN
    exact_self.leaving = HERE, dlclose(library);
    exact_self.leaving = 0;
    exact_unloading = 0;
#endif""".split("\n")


def write_root(body, index, turns):
    with body.block(f"for (unsigned turn = 0; turn < {turns}; turn++)"):
        body.line(f"exact_root(turn * 100 + {index});")
        add(body, pick_callee(body)("HERE"))


def write_main(program, roots=14, turns=3):
    unit = program.units[0]
    function = program.add("main", unit, name="main", storage="extern", inline="never")
    body = Body(program, unit, function)
    for line in program.setup:
        body.line(line)
    for index in range(roots):
        body.omissible(write_root, body, index, turns)
    if program.units[-1].plugin:
        body.line("void *library = NULL;")
        body.line("callback *entry;")
        body.lines += PLUGIN_CALL
        body.line("exact_sink = library != NULL;")
    body.line("exact_root(0);")
    body.line('printf("%u\\n", x);')
    finishes = program.of_kind("finish", unit)
    if finishes:
        body.line("fflush(stdout);")
        body.line(f"return (int)exact_done({finishes[0].name}(HERE, 2));")
    unit.bodies.append(body.render(
        "int main(void)", ("int n = 6;", "unsigned up = 0;"), ("return (int)exact_done(0);",)))
