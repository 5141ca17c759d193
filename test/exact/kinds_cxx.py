"""The kinds of functions that only C++ has; see kinds.py."""

import kinds
import statements_cxx
from kinds import ENTER_ALONE, LEAVE_ALONE, PROTOTYPES, SPENT
from program import Body
from statements import STATEMENTS, add, pick_callee

PROTOTYPES.update({
    "method": "unsigned {name}(unsigned up, int n)",
    "guard": "{name}()",
    "object": "{name}(unsigned up, int n)",
    "object_end": "{name}()",
    "lasting": "{name}(unsigned up, int n)",
    "lasting_end": "{name}()",
    "thrown": "{name}(unsigned up, int n) noexcept(false)",
    "thrown_end": "{name}()",
    "coroutine": "exact_task {name}(exact_item *item)",
})

ALONE = ("exact_self.state.tries = 0;", "exact_self.state.jump = NULL;",
         "exact_self.state.pinned = 1;")


def includes(program):
    # They take longer than all the rest to compile.
    wanted = {"sort": ["algorithm"], "function": ["functional"], "std_thread": ["thread"],
              "container": ["memory", "string", "vector"]}
    names = ["exception", "new"]
    for feature, headers in wanted.items():
        if feature in program.features:
            names += headers
    lines = [f"#include <{name}>" for name in names]
    if "coroutine" in program.features and program.is_cxx:
        lines.append('#include "coroutine.h"')
    return lines


def name_all(program):
    if not program.is_cxx:
        return
    for unit in program.units:
        if not unit.is_cxx:
            continue
        for kind, feature in (("method", "virtual"), ("method", "member"), ("guard", "guard"),
                              ("object", "object"), ("thrown", "throw"),
                              ("coroutine", "coroutine")):
            if feature in program.features and program.chance(0.7):
                NAMERS[kind](program, unit)
        for feature in ("static_object", "local_static", "thread_local"):
            if feature in program.features and program.chance(0.7):
                name_lasting(program, unit, feature)
    if "template" in program.features:
        for _ in range(2):
            program.add("template", program.header, storage="header")
    if program.shapes:
        program.cxx_declarations.append(
            f"extern shape *const program_shapes[{len(program.shapes)}];")
        program.units[0].forward.append("shape *const program_shapes[] = {" + ", ".join(
            f"&the_{name}" for name in program.shapes) + "};")


def add_class_function(program, unit, kind, name_format, label_format, number=None):
    number = number or len(program.functions) + 1
    return program.add(kind, unit, name=name_format.format(number),
                       label=label_format.format(number), storage="class")


def name_method(program, unit):
    if unit.plugin:
        return
    function = add_class_function(program, unit, "method", "shape{0}::work", "shape{0}::work")
    name = function.name.split("::")[0]
    # With a second base there is a thunk between the call and the method.
    bases = program.choose([(2, "shape"), (1, "other_shape, shape")])
    program.cxx_declarations += [
        f"struct {name} : {bases} {{ unsigned work(unsigned up, int n) override; }};",
        f"extern {name} the_{name};"]
    unit.forward.append(f"{name} the_{name};")
    program.shapes.append(name)


def name_guard(program, unit):
    function = add_class_function(program, unit, "guard", "guard{0}::~guard{0}",
                                  "guard{0}::~guard{0}")
    name = function.name.split("::")[0]
    program.cxx_declarations.append(f"struct {name} {{ unsigned up; int n; ~{name}(); }};")


def name_object(program, unit):
    constructor = add_class_function(program, unit, "object", "object{0}::object{0}",
                                     "object{0}::object{0}")
    name = constructor.name.split("::")[0]
    add_class_function(program, unit, "object_end", name + "::~" + name, name + "::~" + name)
    program.cxx_declarations.append(
        f"struct {name} {{ unsigned up = 0; int n; {name}(unsigned up, int n); ~{name}(); }};")


def name_thrown(program, unit):
    constructor = add_class_function(program, unit, "thrown", "thrown{0}::thrown{0}",
                                     "thrown{0}::thrown{0}")
    name = constructor.name.split("::")[0]
    add_class_function(program, unit, "thrown_end", name + "::~" + name, name + "::~" + name)
    program.cxx_declarations.append(
        f"struct {name} : exact_thrown {{ int n; {name}(unsigned up, int n); ~{name}(); }};")


def name_lasting(program, unit, feature):
    """Objects that live until the thread or the program ends."""
    constructor = add_class_function(program, unit, "lasting", "lasting{0}::lasting{0}",
                                     "lasting{0}::lasting{0}")
    # Whoever initializes a local one must not come back to it.
    constructor.restricted = feature != "static_object"
    name = constructor.name.split("::")[0]
    end = add_class_function(program, unit, "lasting_end", name + "::~" + name,
                             name + "::~" + name)
    end.restricted = constructor.restricted
    program.cxx_declarations.append(
        f"struct {name} {{ int n; {name}(unsigned up, int n); ~{name}(); "
        "void use() { exact_sink = (unsigned)n; } };")
    if feature == "static_object":
        unit.forward.append(f"static {name} the_{name}(exact_self.loading, 2);")
    elif feature == "thread_local":
        unit.forward.append(f"static thread_local {name} the_{name}(exact_self.carry, 2);")
        program.thread_local_names.setdefault(unit.name, []).append(f"the_{name}")


def name_coroutine(program, unit):
    function = program.add("coroutine", unit, storage=kinds.storage(program, unit))
    if function.storage == "extern":
        program.cxx_declarations.append(f"extern exact_task {function.name}(exact_item *item);")
    else:
        kinds.declare(program, function)


NAMERS = {"method": name_method, "guard": name_guard, "object": name_object,
          "thrown": name_thrown, "coroutine": name_coroutine}


def write_method(program, function):
    kinds.write(program, function, (), ("return exact_done(x);",), first=SPENT, early=True)


def write_guard(program, function):
    kinds.write(program, function, ENTER_ALONE, LEAVE_ALONE, count=(1, 3), guarded=True,
                first=ALONE)


def write_constructor(program, function):
    kinds.write(program, function, (), ("this->n = n;", "exact_sink = x;"), count=(1, 2),
                guarded=True)


def write_destructor(program, function):
    """Without a link there is nobody to say from where it was called: after an exception."""
    body = Body(program, function.unit, function)
    for line in ALONE:
        body.line(line)
    with body.block("if (up && !exact_spent(n))"):
        body.fill(program.random.randint(1, 2), STATEMENTS)
    kinds.finish_definition(function, body.render(kinds.head(function), ENTER_ALONE, LEAVE_ALONE))


def write_thrown(program, function):
    """Nothing else may be thrown, and nobody leave, while an exception is being made."""
    kinds.write(program, function, ENTER_ALONE, ("this->n = n;", *LEAVE_ALONE), count=(1, 2),
                guarded=True, first=ALONE)


def write_lasting(program, function):
    ingredients = statements_cxx.ONLY_ALLOCATIONS if function.restricted else STATEMENTS
    kinds.write(program, function, ENTER_ALONE, ("this->n = n;", *LEAVE_ALONE), count=(1, 2),
                first=ALONE, ingredients=ingredients)


def write_lasting_end(program, function):
    """When the program ends, or the thread."""
    kinds.write(program, function,
                ("unsigned up = exact_self.leaving;", "struct exact_state alone = {NULL, 0, 1};"),
                ("exact_sink = x;",), count=(1, 2),
                first=("exact_self.fuel = 5;", "exact_self.state = alone;"))


def write_template(program, function):
    body = Body(program, function.unit, function, early=True)
    for line in SPENT:
        body.line(line)
    body.fill(program.random.randint(1, 3), STATEMENTS)
    with body.block("if constexpr (K > 0)"):
        body.line(f"x += {function.name}<K - 1>(HERE, n - 1);")
    target = pick_callee(body)
    add(body, target("HERE"))
    # Not shared: a linker might choose a plain unit's copy.
    head = f"template <int K>\n{program.choose([(1, 'static '), (1, 'static inline ')])}unsigned " \
           f"{function.name}(unsigned up, int n)"
    program.cxx_declarations.append(f"template <int K> static unsigned {function.name}"
                                    "(unsigned up, int n);")
    program.templates.append("\n".join(body.render(head, (), ("return exact_done(x + K);",))))


def write_coroutine(program, function):
    body = Body(program, function.unit, function, frame=False)
    for _ in range(program.random.randint(1, 3)):
        with body.block("if (!exact_spent(n))"):
            body.fill(program.random.randint(1, 2), STATEMENTS)
        body.line(program.choose([(2, "co_await std::suspend_always();"), (1, "exact_sink = x;")]))
    kinds.finish_definition(function, body.render(
        kinds.head(function), ("const unsigned &up = item->up;", "int n = item->n;"),
        ("exact_sink = x;", "co_return;")))


WRITERS = {
    "method": write_method, "guard": write_guard, "object": write_constructor,
    "object_end": write_destructor, "thrown": write_thrown, "thrown_end": write_destructor,
    "lasting": write_lasting, "lasting_end": write_lasting_end, "template": write_template,
    "coroutine": write_coroutine,
}


def write_all(program):
    for function in list(program.functions):
        if function.kind in WRITERS:
            WRITERS[function.kind](program, function)
