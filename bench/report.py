#!/usr/bin/env python3
"""report.py [--order WORKLOADS] [--docs FILE] RESULTS: makes Markdown tables of a file of results, prints them, and puts
them into FILE between its markers.

A ratio of a tool is to the run of its base in the same round. Columns are medians of rounds, with
quartiles in brackets where they are ratios or added time.
"""

import argparse
import collections
import sys

import goals
import measure
import results
import tools

BEGIN = "<!-- figures: written by bench/run.sh --update-docs -->"
END = "<!-- end of the figures -->"

COLUMNS = ("tool", "wall", "CPU", "CPU, own threads", "CPU, writer", "writer ns/event",
           "added ns/event", "added RSS", "bytes/event", "M events/s", "goal", "met")

Row = collections.namedtuple("Row", "workload tool base figures others threads note")


def per_event(value, events):
    return value / events if events else None


def figures_of(runs, bases, events):
    """Spreads of what a tool costs, of pairs of its runs and its base's."""
    columns = collections.defaultdict(list)
    for run, base in zip(runs, bases):
        if not run or not base:
            continue
        rest, base_rest = (max(0, of["cpu"] - of["own"]) for of in (run, base))
        said = run.get("writer_said_ns")
        for key, value in {
                "wall": run["wall"] / base["wall"],
                "cpu": run["cpu"] / base["cpu"],
                "own": run["own"] / base["own"],
                "rest": (rest - base_rest) / base["cpu"],
                "rest_ns": per_event((rest - base_rest) * 1e9, events),
                "writer_said_ns": per_event(said, events) if said else None,
                "own_ns": per_event((run["own"] - base["own"]) * 1e9, events),
                "added_mib": run["rss"] - base["rss"],
                "helpers_mib": run["helpers"],
                "bytes_per_event": per_event(run["bytes"], events),
                "rate": per_event(events, 1e6 * run["wall"]) if events else None,
                "wall_seconds": run["wall"],
        }.items():
            columns[key].append(value)
    found = {key: measure.spread(values) for key, values in columns.items()}
    return {key: value for key, value in found.items() if value}


def rows_of(workload, entry):
    """The rows of a workload. Jemalloc's sampler has two: it is another allocator to begin with."""
    taken = entry["tools"]
    rows = []

    def add(tool, base, others):
        runs = taken[tool]["runs"]
        events = None if tools.tool(tool).build == "short" else entry["events"]
        figures = figures_of(runs, taken.get(base, {"runs": []})["runs"], events)
        rows.append(Row(workload, tool, base, figures, others, entry["threads"],
                        taken[tool].get("note")))
        return figures

    found = {}
    for tool in taken:
        if tool in ("none", "short"):
            continue
        base = tools.tool(tool).base
        if base == "jemalloc-plain":
            found[tool] = add(tool, "none", found)
        found[tool] = add(tool, base, found)
    order = [*tools.TOOLS]
    return sorted(rows, key=lambda row: order.index(row.tool))


def number(spread, form):
    if not spread:
        return "-"
    text = form.format(spread["median"])
    return text if float(text) else form.format(0.0)


def with_quartiles(spread, form, between="-"):
    if not spread:
        return "-"
    if spread["count"] == 1:
        return f"{number(spread, form)} (one run)"
    return f"{number(spread, form)} ({form.format(spread['low'])}{between}{form.format(spread['high'])})"


def ratio(spread):
    return with_quartiles(spread, "{:.3f}")


def name_of(row):
    if row.base == "short":
        return f"{row.tool}, short input"
    return row.tool if row.base == "none" else f"{row.tool}, to {row.base}"


def line(cells):
    return "| " + " | ".join(cells) + " |"


def row_line(row):
    figures = row.figures
    if not figures:
        return line([name_of(row), row.note or "not measured", *["-"] * (len(COLUMNS) - 2)])
    memory = number(figures.get("added_mib"), "{:.0f}")
    helpers = figures["helpers_mib"]["median"]
    memory += f" + {helpers:.0f} MiB" if helpers >= 1 else " MiB"
    judged = goals.judge(row)
    traced = tools.tool(row.tool).build == "tracked" or tools.tool(row.tool).program
    return line([
        name_of(row) + (f" ({row.note})" if row.note else ""), ratio(figures.get("wall")),
        ratio(figures.get("cpu")), ratio(figures.get("own")),
        number(figures.get("rest"), "{:.3f}") if traced else "-",
        number(figures.get("rest_ns"), "{:.1f}") if traced else "-",
        with_quartiles(figures.get("own_ns"), "{:.1f}", " to "), memory,
        number(figures.get("bytes_per_event"), "{:.2f}"), number(figures.get("rate"), "{:.1f}"),
        "<br>".join(goal for goal, _ in judged) or "-", "<br>".join(met for _, met in judged) or "-"])


def head(columns):
    return [line(columns), line(["---"] * len(columns))]


def count(number_of, what):
    return f"{number_of:,} {what}{'' if number_of == 1 else 's'}"


def workload_lines(workload, entry):
    plain = [run for run in entry["tools"].get("none", {"runs": []})["runs"] if run]
    facts = [count(entry["rounds"], "round") +
             (" on short inputs" if entry["inputs"] == "short" else "")]
    if plain:
        seconds = measure.spread(run["wall"] for run in plain)["median"]
        facts.insert(0, f"plain {seconds:.2f} s")
        if entry["events"]:
            facts.insert(0, f"{entry['events']:,.0f} events, {entry['events'] / seconds / 1e6:.1f} M/s")
        if entry["threads"]:
            facts.insert(-1, count(entry["threads"], "thread"))
    facts.append(f"{entry['date']}, load {entry['load']:.1f} before")
    return [f"#### {workload}", "; ".join(facts) + ".", "", *head(COLUMNS),
            *map(row_line, rows_of(workload, entry)), ""]


def compile_lines(workloads):
    lines = []
    seen = set()
    for workload, entry in workloads:
        found = entry.get("compile")
        source = workload.partition("-")[0]  # that of loop-1 is that of loop-8
        if not found or source in seen:
            continue
        seen.add(source)
        if "note" in found:
            lines.append(line([source, found["note"], *["-"] * 4]))
            continue
        plain, tracked = found["plain"], found["tracked"]
        seconds = measure.spread(plain["seconds"])["median"]
        times = measure.spread(map(lambda pair: pair[1] / pair[0],
                                   zip(plain["seconds"], tracked["seconds"])))
        best = min(tracked["seconds"]) / min(plain["seconds"])
        lines.append(line([source, f"{plain['text']:,}", f"{tracked['text'] / plain['text']:.3f}",
                           f"{seconds:.2f} s", ratio(times), f"{best:.3f}"]))
    return ["#### Compiling", "", *head(["source", ".text", "ratio", "compiler's user time", "ratio",
                                         "best of each"]), *lines, ""] if lines else []


def tables(file, order):
    workloads = sorted(file["workloads"].items(),
                       key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    facts = file["machine"]
    lines = [
        f"{facts.get('cores')} cores ({facts.get('cpu')}), {facts.get('memory_mib', 0) / 1024:.0f} "
        f"GiB, {facts.get('system')}, Linux {facts.get('kernel')}, {facts.get('libc')}; "
        f"{facts.get('clang')}; MemTrack {file.get('commit')}; " +
        ", ".join(f"{name} {facts[name].removeprefix(name).strip(' -')}"
                  for name in ("heaptrack", "valgrind", "jemalloc", "nlohmann-json") if name in facts) +
        ".", ""]
    for workload, entry in workloads:
        if entry["tools"]:
            lines += workload_lines(workload, entry)
    lines += compile_lines(workloads)
    return "\n".join(lines).rstrip() + "\n"


def replace_figures(text, figures, first=BEGIN, last=END):
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"no lines {first} and {last}")
    return f"{before}{first}\n{figures}{last}{after}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs")
    parser.add_argument("--order", type=str.split, default=[])
    parser.add_argument("results")
    arguments = parser.parse_args()

    file = results.load(arguments.results)
    if not file:
        sys.exit(f"report.py: no results in {arguments.results}")
    figures = tables(file, arguments.order)
    print(figures, end="")
    if arguments.docs:
        few = [name for name, entry in file["workloads"].items()
               if entry["rounds"] < 3 or entry["inputs"] == "short"]
        if few:
            sys.exit("report.py: not for the documents, as fewer than three rounds and short inputs "
                     f"show nothing: {', '.join(few)}")
        with open(arguments.docs) as docs:
            text = docs.read()
        with open(arguments.docs, "w") as docs:
            docs.write(replace_figures(text, figures))


if __name__ == "__main__":
    main()
