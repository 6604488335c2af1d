"""Prints the time and memory of ours beside Evidently's and NannyML's, from two files to a verdict with reports written.

    compare.py OUR_PROGRAM [ROWS ...]

All read the same two files of ten columns of numbers (three moved by 0.1 standard deviations), and write their reports into a
folder: ours its JSON, HTML and Evidently's shape; Evidently 0.7.23 its JSON and HTML; NannyML its table as CSV. Whether the
pages are there and name every column is looked at after each run. Each runs in a process of its own, ours before each of the
others, several rounds; medians count.

`process` is the whole process, what a Job or a script costs, and the bound on Evidently is of it. `inside` leaves out what
Python needs to start and to import its packages; `inside / ours` sets it against our whole process, starting included, and the
bound on NannyML is of it. Peaks of memory are the system's, of the whole process, the largest of all rounds. This file imports
nothing large: a child's peak begins at its parent's.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

HOME = "target/bench-drift"
PEERS = {"evidently": ".cache/evidently/bin/python", "nannyml": ".cache/nannyml/bin/python"}
COLUMNS = [f"x{at}" for at in range(10)]
# Ours is at most 1/50 of Evidently's time, process against process, is faster than NannyML inside, and needs at most so many MB
# at a million rows.
RATIO, MEGABYTES = 50, 450

MAKE = """
import sys, numpy, pandas
folder, rows = sys.argv[1], int(sys.argv[2])
for seed, (name, shift) in enumerate([("reference", 0.0), ("current", 0.1)]):
    random = numpy.random.default_rng(seed)
    frame = pandas.DataFrame({f"x{at}": random.normal(shift if at < 3 else 0.0, 1, rows) for at in range(10)})
    frame.to_parquet(f"{folder}/{name}.parquet", compression="snappy")
    frame.to_csv(f"{folder}/{name}.csv", index=False)
"""
READ = """
import sys, time, os, json
kind, folder = sys.argv[1], sys.argv[2]
import pandas
{imports}
start = time.perf_counter()
read = pandas.read_parquet if kind == "parquet" else pandas.read_csv
reference, current = read(f"{{folder}}/reference.{{kind}}"), read(f"{{folder}}/current.{{kind}}")
{work}
print(json.dumps(time.perf_counter() - start))
"""
EVIDENTLY = READ.format(
    imports="from evidently import Report\nfrom evidently.presets import DataDriftPreset",
    work="""snapshot = Report([DataDriftPreset()]).run(current, reference)
snapshot.save_json(f"{folder}/evidently/report.json")
snapshot.save_html(f"{folder}/evidently/report.html")""",
)
NANNYML = READ.format(
    imports="import nannyml",
    work="""names = list(reference.columns)
calculator = nannyml.UnivariateDriftCalculator(column_names=names, chunk_number=1)
calculator.fit(reference).calculate(current).to_df().to_csv(f"{folder}/nannyml.csv")""",
)


def measured(words):
    """Seconds of the whole process, its peak in MB, and what it printed last."""
    start = time.perf_counter()
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = child.stdout.read(), child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status != 0:
        sys.exit(f"{words[:3]} failed:\n{out}{err}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024, out.strip().splitlines()[-1]


class Runs:
    """The runs of one tool on one pair of files."""

    def __init__(self, words, page):
        self.words, self.page, self.process, self.inside, self.peak = words, page, [], [], 0

    def add(self):
        if self.page:
            shutil.rmtree(os.path.dirname(self.page), ignore_errors=True)
            os.makedirs(os.path.dirname(self.page))
        process, peak, last = measured(self.words)
        self.process.append(process)
        self.peak = max(self.peak, peak)
        try:
            self.inside.append(float(last))
        except ValueError:
            self.inside.append(process)
        if self.page:
            check_page(self.page)

    def medians(self):
        return statistics.median(self.process), statistics.median(self.inside)


def check_page(place):
    """A page that was begun, or tells of no column, is no report."""
    with open(place, encoding="utf-8") as file:
        text = file.read()
    lacking = [name for name in COLUMNS if not re.search(rf"\b{name}\b(?!=)", text)]
    if lacking or "</html>" not in text:
        sys.exit(f"{place} is no report: it lacks {', '.join(lacking) or 'its end'}")


def runs_of(program, kind, folder):
    files = ["--reference", f"{folder}/reference.{kind}", "--current", f"{folder}/current.{kind}"]
    python = lambda peer, script: [PEERS[peer], "-c", script, kind, folder]
    return {
        "ours": Runs([program, "drift", *files, "--out", f"{folder}/ours"], f"{folder}/ours/report.html"),
        "evidently": Runs(python("evidently", EVIDENTLY), f"{folder}/evidently/report.html"),
        "nannyml": Runs(python("nannyml", NANNYML), None),
    }


def compare(program, rows):
    """Prints the lines of one size; what is broken."""
    folder = f"{HOME}/{rows}"
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(f"{folder}/current.csv"):
        subprocess.run([PEERS["evidently"], "-c", MAKE, folder, str(rows)], check=True)
    return [line for kind in ["parquet", "csv"] for line in of_kind(rows, kind, runs_of(program, kind, folder))]


def of_kind(rows, kind, runs):
    for _ in range(3 if rows >= 1_000_000 else 5):
        for tool in ["ours", "evidently", "ours", "nannyml"]:
            runs[tool].add()
    ours, broken = runs["ours"].medians()[0], []
    for tool, of_tool in runs.items():
        process, inside = of_tool.medians()
        ratios = f"{process / ours:.1f} | {inside / ours:.1f}"
        print(f"| {rows} | {kind} | {tool} | {process:.3f} | {inside:.3f} | {of_tool.peak:.0f} | {ratios} |", flush=True)
        if tool == "evidently" and process < RATIO * ours:
            broken.append(f"{rows} {kind}: Evidently's process needs {process / ours:.1f} times our time, not {RATIO}")
        if tool == "nannyml" and inside <= ours:
            broken.append(f"{rows} {kind}: NannyML needs {inside / ours:.1f} times our time, not more than 1")
    if rows >= 1_000_000 and runs["ours"].peak > MEGABYTES:
        broken.append(f"{rows} {kind}: {runs['ours'].peak:.0f} MB, at most {MEGABYTES}")
    return broken


def main():
    program, sizes = sys.argv[1], [int(word) for word in sys.argv[2:]] or [10_000, 100_000, 1_000_000]
    print("| rows a side | file | tool | process s | inside s | peak MB | process / ours | inside / ours |\n" + "|---" * 8 + "|", flush=True)
    broken = [line for rows in sizes for line in compare(program, rows)]
    for line in broken:
        print(f"BROKEN: {line}")
    return 1 if broken else 0


sys.exit(main())
