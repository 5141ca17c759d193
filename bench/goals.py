"""What MemTrack means to reach, for the columns "goal" and "met" of the tables."""

import collections

# workloads and tools it concerns (None is all), a name, one of relations, the bound, which may be a
# function of a row, and what to show of the figure. figure makes a number of a row, or None if it
# was not measured.
Goal = collections.namedtuple("Goal", "workloads tools text figure relation bound show")

RELATIONS = {"≤": lambda figure, bound: figure <= bound, "≥": lambda figure, bound: figure >= bound}


def median(key):
    def figure(row):
        spread = row.figures.get(key)
        return spread and spread["median"]

    return figure


def of_heaptrack(row):
    """How many times the wall time it adds heaptrack adds."""
    other = row.others.get("heaptrack", {}).get("wall")
    mine = row.figures.get("wall")
    if not other or not mine:
        return None
    added = mine["median"] - 1
    return (other["median"] - 1) / added if added > 0 else float("inf")


def to_heaptrack(key):
    def figure(row):
        other, mine = row.others.get("heaptrack", {}).get(key), row.figures.get(key)
        return mine["median"] / other["median"] if other and mine else None

    return figure


def trace_memory(row):
    """16 MiB, and 64 KiB a thread."""
    return 16 + (row.threads or 1) / 16


def _goal(workloads, tools, text, key, relation, bound, show="{:.2f}"):
    figure = key if callable(key) else median(key)
    return Goal(workloads and workloads.split(), tools.split(), text, figure, relation, bound, show)


GOALS = [
    _goal("lua", "precise", "wall", "wall", "≤", 1.20),
    _goal("lua", "precise", "own threads", "own", "≤", 1.18),
    _goal("sqlite", "precise", "wall", "wall", "≤", 1.03, "{:.3f}"),
    _goal("sqlite", "precise", "CPU", "cpu", "≤", 1.03, "{:.3f}"),
    _goal("jq", "precise", "wall", "wall", "≤", 1.08),
    _goal("json", "precise", "wall", "wall", "≤", 1.07),
    _goal("stl", "precise", "wall", "wall", "≤", 1.12),
    _goal("lua sqlite jq json stl", "precise", "heaptrack's added wall ÷ this", of_heaptrack, "≥", 15,
          "{:.1f}"),
    _goal("loop-1", "precise", "added ns/event", "own_ns", "≤", 8, "{:.1f}"),
    _goal("loop-1", "coarse", "added ns/event", "own_ns", "≤", 3, "{:.1f}"),
    _goal("loop-30", "precise", "M events/s", "rate", "≥", 30, "{:.1f}"),
    _goal("loop-30", "profile tiered", "M events/s", "rate", "≥", 50, "{:.1f}"),
    _goal("lua", "precise", "bytes/event", "bytes_per_event", "≤", 0.3),
    _goal("sqlite", "precise", "bytes/event", "bytes_per_event", "≤", 0.8),
    _goal(None, "precise", "bytes/event ÷ heaptrack's", to_heaptrack("bytes_per_event"), "≤", 1),
    _goal("lua", "precise", "encode, compress, write ns/event", "writer_said_ns", "≤", 15, "{:.1f}"),
    _goal("sqlite", "tiered poisson", "CPU", "cpu", "≤", 1.01, "{:.3f}"),
    _goal("lua", "tiered poisson", "CPU", "cpu", "≤", 1.05),
    _goal("lua", "off", "CPU", "cpu", "≤", 1.01, "{:.3f}"),
    _goal(None, "precise", "added MiB", "added_mib", "≤", trace_memory, "{:.1f}"),
]


def judge(row):
    """The goals of a row: pairs of texts, the goal and whether it is met."""
    judged = []
    for goal in GOALS:
        if row.tool not in goal.tools or goal.workloads and row.workload not in goal.workloads:
            continue
        bound = goal.bound(row) if callable(goal.bound) else goal.bound
        figure = goal.figure(row)
        if figure is None:
            met = "not measured"
        else:
            said = "yes" if RELATIONS[goal.relation](figure, bound) else "**no**"
            met = f"{said}, {goal.show.format(figure)}"
        judged.append((f"{goal.text} {goal.relation} {bound:.4g}", met))
    return judged
