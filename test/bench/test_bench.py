#!/usr/bin/env python3
"""What bench/ makes of programs whose cost is known, and of results that are made up."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench")
sys.path.insert(0, BENCH)

import goals  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
import results  # noqa: E402

PYTHON = os.path.realpath(sys.executable)
ENVIRONMENT = dict(os.environ)


def python(code):
    return [PYTHON, "-S", "-c", code]


# Spends CPU time, in a thread with a name.
SPEND = """
import ctypes, threading, time
def spend(name, seconds):
    ctypes.CDLL(None).prctl(15, name, 0, 0, 0)
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
def thread(name, seconds):
    made = threading.Thread(target=spend, args=(name, seconds))
    made.start()
    made.join()
"""


class Measure(unittest.TestCase):
    def test_writer_is_apart(self):
        run = measure.run(python(SPEND + "thread(b'memtrack', 0.2); thread(b'other', 0.1)"),
                          ENVIRONMENT)
        self.assertEqual(run.threads, 2)
        self.assertGreater(run.own, 0.1)
        self.assertGreater(run.cpu - run.own, 0.15)

    def test_program_in_script(self):
        """What other processes of a script take is in the sum, and not the program's."""
        program = os.path.realpath("/bin/sleep")
        helper = " ".join(f"'{word}'" for word in python(SPEND.replace("'", '"') +
                                                         'spend(b"helper", 0.3)'))
        large = " ".join(f"'{word}'" for word in python('bytearray(200 << 20)'))
        run = measure.run(["/bin/sh", "-c",
                           f"{large}; {helper} & '{program}' 0.2; wait; {large}; sleep 0.1"],
                          ENVIRONMENT, program)
        self.assertEqual(run.threads, 1)
        self.assertGreaterEqual(run.wall, 0.2)
        self.assertGreater(run.whole, run.wall)
        self.assertGreater(run.cpu - run.own, 0.25)
        self.assertLess(run.own, 0.1)
        self.assertTrue(run.rss < run.helpers < 150, run)

    def test_failures_are_told(self):
        for command, program, expected in (
                (["sh", "-c", "exit 3"], None, "exit status 3"),
                (["sh", "-c", "kill -9 $$"], None, "killed by signal 9"),
                (["sh", "-c", "sleep 20 & sleep 20"], None, "is not done after 0 s"),
                (["true"], "/bin/sleep", "does not run /bin/sleep"),
                (["/no/such/program"], None, "cannot be run")):
            with self.subTest(command=command), self.assertRaisesRegex(measure.Failed, expected):
                measure.run(command, ENVIRONMENT, program, timeout=0.4)

    def test_spread(self):
        self.assertEqual(measure.spread([1, 2, None, 3, 4, 5]),
                         {"median": 3, "low": 2, "high": 4, "count": 5})
        self.assertIsNone(measure.spread([None]))


class Rounds(unittest.TestCase):
    def measure(self, *tools, rounds=2, tracked="/bin/false", more=()):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "results.json")
            subprocess.run([PYTHON, os.path.join(BENCH, "rounds.py"), "--workload", "w",
                            "--plain", "/bin/true", "--tracked", tracked, "--rounds", str(rounds),
                            "--timeout", "20", "--bin", directory, "--llvm", "14",
                            "--nothing", "/bin/true", "--scratch", os.path.join(directory, "s"),
                            "--json", path, *more, *tools],
                           check=True, stderr=subprocess.DEVNULL)
            return results.load(path)["workloads"]["w"]

    def test_a_failing_tool_does_not_stop_others(self):
        entry = self.measure("off", "none")
        self.assertEqual(entry["tools"]["off"]["note"], "fails: exit status 1")
        self.assertEqual(entry["tools"]["off"]["runs"], [])
        self.assertEqual(len(entry["tools"]["none"]["runs"]), 2)
        self.assertIsNone(entry["events"])

    def test_plain_is_always_run(self):
        entry = self.measure("off", tracked="/bin/true")
        self.assertEqual([len(tool["runs"]) for tool in entry["tools"].values()], [2, 2])

    def test_what_cannot_be_built_is_skipped(self):
        note = self.measure("memprof")["tools"]["memprof"]["note"]
        self.assertEqual(note, "skipped: the program could not be built for it")

    def test_repetition_is_summed(self):
        once = self.measure("none", rounds=1)["tools"]["none"]["runs"][0]
        often = self.measure("none", rounds=1, more=["--repeat", "20"])["tools"]["none"]["runs"][0]
        self.assertGreater(often["faults"], 10 * once["faults"])
        self.assertLess(often["rss"], 2 * once["rss"])


def made_up_run(wall, **changes):
    return {"wall": wall, "whole": wall, "cpu": wall, "own": wall, "rss": 10.0, "helpers": 0.0,
            "faults": 1, "threads": 1, "bytes": 0, **changes}


def made_up_results():
    plain = [made_up_run(1.0), made_up_run(2.0), made_up_run(1.5)]
    precise = [made_up_run(1.1, cpu=1.3, rss=20.0, bytes=2000000, recorded=10000000,
                           writer_said_ns=1e8),
               made_up_run(2.4, cpu=2.8, rss=20.0, bytes=2000000, recorded=10000000,
                           writer_said_ns=2e8), None]
    heaptrack = [made_up_run(3.0, cpu=4.0, bytes=1000000, helpers=100.0)] * 3
    return {"machine": {"cores": 2}, "build": "b", "commit": "c", "workloads": {"lua": {
        "date": "today", "load": 0.0, "rounds": 3, "inputs": "long", "events": 10000000, "threads": 1, "tools": {
            "none": {"runs": plain}, "precise": {"runs": precise}, "coarse": {
                "runs": [], "note": "skipped: for a reason"}, "heaptrack": {"runs": heaptrack}}}}}


class Report(unittest.TestCase):
    def rows(self):
        lines = report.tables(made_up_results(), []).splitlines()
        cells = [[cell.strip() for cell in line.strip("|").split("|")]
                 for line in lines if line.startswith("|")]
        return {line[0]: dict(zip(report.COLUMNS, line)) for line in cells}

    def test_ratios_are_of_one_round(self):
        rows = self.rows()
        self.assertEqual(rows["precise"]["wall"], "1.150 (1.125-1.175)")
        self.assertEqual(rows["precise"]["CPU"], "1.350 (1.325-1.375)")
        self.assertEqual(rows["precise"]["added ns/event"], "25.0 (17.5 to 32.5)")
        self.assertEqual(rows["precise"]["writer ns/event"], "30.0")
        self.assertEqual(rows["precise"]["added RSS"], "10 MiB")
        self.assertEqual(rows["precise"]["bytes/event"], "0.20")
        self.assertEqual(rows["heaptrack"]["added RSS"], "0 + 100 MiB")
        self.assertEqual(rows["heaptrack"]["wall"], "2.000 (1.750-2.500)")

    def test_notes_stand_in_the_table(self):
        self.assertEqual(self.rows()["coarse"]["wall"], "skipped: for a reason")

    def test_goals(self):
        row = self.rows()["precise"]
        judged = dict(zip(row["goal"].split("<br>"), row["met"].split("<br>")))
        self.assertEqual(judged["wall ≤ 1.2"], "yes, 1.15")
        self.assertEqual(judged["heaptrack's added wall ÷ this ≥ 15"], "**no**, 6.7")
        self.assertEqual(judged["bytes/event ≤ 0.3"], "yes, 0.20")
        self.assertEqual(judged["bytes/event ÷ heaptrack's ≤ 1"], "**no**, 2.00")
        self.assertEqual(judged["encode, compress, write ns/event ≤ 15"], "yes, 15.0")

    def test_no_minus_before_zero(self):
        self.assertEqual(report.number(measure.spread([-0.0004]), "{:.3f}"), "0.000")

    def test_goals_without_heaptrack(self):
        made_up = made_up_results()
        del made_up["workloads"]["lua"]["tools"]["heaptrack"]
        row = next(row for row in report.rows_of("lua", made_up["workloads"]["lua"])
                   if row.tool == "precise")
        self.assertIn(("bytes/event ÷ heaptrack's ≤ 1", "not measured"), goals.judge(row))

    def test_documents(self):
        text = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
        self.assertEqual(report.replace_figures(text, "new\n"),
                         f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n")
        self.assertRaises(ValueError, report.replace_figures, "no markers", "new")
        with open(os.path.join(BENCH, "..", "docs", "benchmarks.md")) as docs:
            self.assertIn("new figures", report.replace_figures(docs.read(), "new figures\n"))

    def test_one_run_is_no_figure_for_documents(self):
        for change in ({"rounds": 2}, {"inputs": "short"}):
            made_up = made_up_results()
            made_up["workloads"]["lua"].update(change)
            with tempfile.NamedTemporaryFile("w+") as file:
                json.dump(made_up, file)
                file.flush()
                done = subprocess.run([PYTHON, os.path.join(BENCH, "report.py"), "--docs",
                                       "/dev/null", file.name],
                                      capture_output=True, text=True, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("fewer than three rounds", done.stderr)


class Results(unittest.TestCase):
    def test_other_builds_are_dropped(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "results.json")
            results.save(path, made_up_results())
            for machine, build, kept in (({"cores": 2}, "b", 1), ({"cores": 2}, "x", 0),
                                         ({"cores": 3}, "b", 0)):
                file = results.open_results(path, machine, build)
                self.assertEqual(len(file["workloads"]), kept)
            with open(path, "w") as file:
                file.write("{")
            self.assertEqual(results.open_results(path, {}, "b")["workloads"], {})


if __name__ == "__main__":
    try:
        measure.run(["true"], ENVIRONMENT)
    except measure.Failed as failure:
        print("SKIPPED:", failure)
        sys.exit()
    unittest.main()
