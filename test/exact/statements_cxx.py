"""Ingredients that only C++ has. Importing this adds them to the registries of statements.py."""

from program import Body
from statements import (CALLEES, STATEMENTS, add, addressable, allocate, allocation, comparator,
                        compares, leaf, pick_callee)


@CALLEES(5, "virtual", lambda body: not body.calm and body.program.shapes)
def virtual(body):
    count = len(body.program.shapes)
    return lambda link, n="n - 1": f"program_shapes[exact_roll({count})]->work({link}, {n})"


@CALLEES(2, "member", lambda body: not body.calm and body.program.shapes)
def member_pointer(body):
    count = len(body.program.shapes)
    method = f"method{body.program.unique()}"
    body.line(f"unsigned (shape::*volatile {method})(unsigned, int) = &shape::work;")
    return lambda link, n="n - 1": f"(program_shapes[exact_roll({count})]->*{method})({link}, {n})"


@CALLEES(3, "template", lambda body: not body.calm and not body.unit.plain
         and body.program.of_kind("template"))
def template(body):
    target = body.random.choice(body.program.of_kind("template"))
    argument = body.random.randrange(3)
    return lambda link, n="n - 1": f"{target.name}<{argument}>({link}, {n})"


def lambda_depth(body):
    return body.function.label.count("::lambda")


def write_lambda(body, introduction, prologue, epilogue, guarded, early):
    """The lines of a lambda in this body, from its brace on; `introduction` is before it."""
    program = body.program
    function = program.add("lambda", body.unit, label=body.function.label + "::lambda",
                           storage="lambda")
    inner = Body(program, body.unit, function, early=early)
    if guarded:
        with inner.block("if (!exact_spent(n))"):
            inner.fill(program.random.randint(1, 2), STATEMENTS)
    else:
        inner.line("if (exact_spent(n))")
        inner.line("    return exact_done(1);")
        inner.fill(program.random.randint(1, 2), STATEMENTS)
    for line in inner.render(introduction, prologue, epilogue):
        body.line(line)


@CALLEES(3, "lambda", lambda body: not body.calm and lambda_depth(body) < 2)
def call_lambda(body):
    name = f"lambda{body.program.unique()}"
    capture = body.random.choice(["", "&", "="])
    write_lambda(body, f"auto {name} = [{capture}](unsigned up, int n) -> unsigned", (),
                 ("return exact_done(x);",), guarded=False, early=True)
    body.lines[-1] += ";"
    if capture == "" and body.random.random() < 0.5:
        pointer = f"pointer{body.program.unique()}"
        body.line(f"callback *volatile {pointer} = {name};")
        name = pointer
    return lambda link, n="n - 1": f"{name}({link}, {n})"


@CALLEES(2, "function", lambda body: not body.calm)
def invoke(body):
    target = addressable(body)
    return lambda link, n="n - 1": f"std::invoke({target}, {link}, {n})"


@STATEMENTS(3, "function", lambda body: not body.calm)
def call_function(body):
    name = f"function{body.program.unique()}"
    big = body.random.random() < 0.4
    target = addressable(body)
    with body.barrier():
        if big:
            body.line(f"std::function<callback> {name} = exact_carrier{{{target}, {{0}}}};")
        else:
            body.line(f"std::function<callback> {name} = {target};")
        add(body, f"{name}(HERE, n - 1)")


@STATEMENTS(5, "container", lambda body: not body.calm)
def container(body):
    # A linker may choose a plain unit's copy of the library's templates, and strings' are in the
    # library itself.
    plain = any(unit.plain and unit.is_cxx for unit in body.program.units)
    kind = body.random.randrange(6)
    note = "NOTE_UNSEEN(1)" if kind == 1 or plain and kind < 5 else "NOTE(1)"
    with body.block():
        body.line(f"size_t size = {note};")
        if kind == 0:
            body.line("std::vector<char> block(size);")
            body.line("exact_hold(block.data());")
        elif kind == 1:
            body.line("std::string block(size - 1, 'x');")
            body.line("exact_hold(&block[0]);")
        elif kind == 2:
            body.line("auto block = std::make_unique<char[]>(size);")
            body.line("exact_hold(block.get());")
        elif kind == 3:
            body.line("char *block = std::allocator<char>().allocate(size);")
            body.line("exact_hold(block);")
            body.line("std::allocator<char>().deallocate(block, size);")
        elif kind == 4:
            body.line("std::vector<char> block; block.reserve(size);")
            body.line("exact_hold(block.data());")
        else:
            body.line("std::unique_ptr<char[]> block(new char[size]);")
            body.line("exact_hold(block.get());")


@STATEMENTS(7, when=lambda body: body.is_cxx)
def new(body):
    expression, release = body.random.choice([
        ("new char[size]", "delete[] (char *)block;"),
        ("new (std::nothrow) char[size]", "delete[] (char *)block;"),
        ("::operator new(size)", "::operator delete(block);"),
        ("new (std::align_val_t(64)) char[size]",
         "::operator delete[](block, std::align_val_t(64));")])
    with body.block():
        allocate(body, expression, release=release)


@STATEMENTS(4, "throw", lambda body: not body.calm)
def throw(body):
    thrown = body.program.of_kind("thrown", body.unit)
    kinds = ["exact_thrown()", "(int)x"]
    if thrown:
        kinds += [f"{body.random.choice(thrown).name.split('::')[0]}(HERE, n - 1)"] * 2
    body.line("if (exact_self.state.tries && exact_roll(3) == 0)")
    body.line(f"    throw {body.random.choice(kinds)};")


@STATEMENTS(6, "throw", lambda body: body.frame and not body.calm)
def try_block(body):
    with body.block():
        first = pick_callee(body)
        with body.saved_state() as saved:
            with body.block("try"):
                body.line("exact_self.state.tries++;")
                add(body, first("HERE"))
                body.line("exact_sink = x;")
            if body.random.random() < 0.3:
                with body.block("catch (const std::exception &)"):
                    body.line("exact_sink = x;")
            heads = body.random.choice([
                ["catch (...)"], ["catch (exact_thrown &thrown)", "catch (int)"],
                ["catch (int)", "catch (const exact_thrown &)"],
                ["catch (exact_thrown &thrown)", "catch (...)"]])
            for head in heads:
                with body.block(head):
                    handler(body, saved, "thrown)" in head)


def handler(body, saved, named):
    body.line(f"exact_self.state = {saved};")
    body.line("exact_self.state.jump = NULL;")
    body.line("exact_self.state.pinned = 1;")
    if body.random.random() < 0.7:
        target = pick_callee(body)
        add(body, target("HERE"))
    if body.random.random() < 0.5:
        body.line(f"if ({saved}.tries && exact_roll(2))")
        body.line("    throw;")
    if named:
        body.line("thrown.up = WITHIN(3);")
    body.line("exact_sink = x;")


@STATEMENTS(4, "guard", lambda body: not body.calm
            and body.program.of_kind("guard", body.unit))
def guard(body):
    target = body.random.choice(body.program.of_kind("guard", body.unit)).name
    inner = [pick_callee(body) for _ in range(body.random.randint(1, 2))]
    with body.barrier():
        start = len(body.lines)
        body.line("")
        for call in inner:
            add(body, call("HERE"))
            body.line("exact_sink = x;")
    count = len(body.lines) - 1 - start
    body.lines[start] = ("    " * (body.depth + 1)
                         + f"{target.split('::')[0]} guard = {{WITHIN({count}), n - 1}};")


@STATEMENTS(3, "object", lambda body: not body.calm
            and body.program.of_kind("object", body.unit))
def local_object(body):
    name = body.random.choice(body.program.of_kind("object", body.unit)).name.split("::")[0]
    target = pick_callee(body)
    with body.barrier():
        body.line(f"{name} object(HERE, n - 1);")
        start = len(body.lines)
        body.line("")
        add(body, target("HERE"))
        body.line("exact_sink = x;")
    count = len(body.lines) - 1 - start
    body.lines[start] = "    " * (body.depth + 1) + f"object.up = WITHIN({count});"


@STATEMENTS(2, "object", lambda body: not body.calm and body.program.of_kind("object", body.unit))
def heap_object(body):
    name = body.random.choice(body.program.of_kind("object", body.unit)).name.split("::")[0]
    with body.saved_state():
        # `new` gives the memory back when the constructor throws: a cleanup.
        body.line("exact_self.state.jump = NULL;")
        body.line(f"{name} *object = new {name}(HERE, n - 1);")
        body.line("exact_hold(object);")
        body.line("object->up = NEXT(1);")
        body.line("delete object;")


def lasting(body, restricted):
    return [f for f in body.program.of_kind("lasting", body.unit) if f.restricted == restricted]


@STATEMENTS(2, "local_static", lambda body: not body.calm and lasting(body, True)
            and body.unit is not body.program.header)
def local_static(body):
    name = body.random.choice(lasting(body, True)).name.split("::")[0]
    with body.block("if (!exact_unloading)"):
        body.line(f"static {name} object(HERE, 2);")
        body.line("object.use();")


@STATEMENTS(2, "thread_local", lambda body: not body.calm and lasting(body, True)
            and body.unit is not body.program.header)
def local_thread_local(body):
    name = body.random.choice(lasting(body, True)).name.split("::")[0]
    with body.block():
        body.line(f"thread_local {name} object(HERE, 2);")
        body.line("object.use();")


@STATEMENTS(2, "thread_local", lambda body: not body.calm
            and body.program.thread_locals(body.unit))
def use_thread_local(body):
    name = body.random.choice(body.program.thread_locals(body.unit))
    body.line(f"exact_self.carry = HERE, {name}.use();")


@STATEMENTS(2, "std_thread", lambda body: not body.calm
            and body.program.of_kind("start", body.unit))
def std_thread(body):
    start = body.random.choice(body.program.of_kind("start", body.unit)).name
    target = addressable(body)
    with body.block("if (exact_take(&exact_threads_left))"):
        body.line(f"exact_start start = {{{target}, n - 1, exact_roll(1000), 0}};")
        body.line(f"std::thread thread({start}, &start);")
        body.line("thread.join();")
        body.line("x += start.result;")


@STATEMENTS(3, "sort", lambda body: not body.calm and lambda_depth(body) < 2)
def standard_algorithm(body):
    algorithm = body.random.choice(["sort", "for_each", "min_element", "partition", "stable_sort"])
    two = algorithm in ("sort", "min_element", "stable_sort")
    with body.barrier():
        body.line("exact_item items[3];")
        body.line("exact_fill(items, 3, NEXT(1), n - 1);")
        parameters = "const exact_item &a, const exact_item &b" if two else "const exact_item &a"
        result = "a.key < b.key" if two else "a.key < 50"
        write_lambda(body, f"std::{algorithm}(items, items + 3, []({parameters}) -> bool",
                     ("unsigned up = a.up;", "int n = a.n - 1;"),
                     ("exact_sink = x;", f"return {result};"), guarded=True, early=False)
        body.lines[-1] += ");"


@STATEMENTS(1, "sort", compares)
def sort_by_qsort_function(body):
    name = comparator(body)
    with body.block():
        body.line("exact_item items[3];")
        body.line("exact_fill(items, 3, NEXT(1), n - 1);")
        body.line(f"std::sort(items, items + 3, exact_order{{{name}}});")


@STATEMENTS(4, "coroutine", lambda body: not body.calm
            and body.program.of_kind("coroutine", body.unit))
def coroutine(body):
    target = body.random.choice(body.program.of_kind("coroutine", body.unit)).name
    with body.barrier():
        body.line("exact_self.state.pinned = 1;")
        body.line("exact_item item = {0, n - 1, 0};")
        body.line(f"exact_task task = {target}(&item);")
        for _ in range(body.random.randint(1, 3)):
            body.line("item.up = NEXT(1);")
            body.line("task.resume();")
        body.line("task.destroy();")


ONLY_ALLOCATIONS = [i for i in STATEMENTS if i.emit in (allocation, new, leaf)]
