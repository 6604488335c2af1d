"""Prints the time and memory of ours beside Evidently's and NannyML's, from two files to a verdict with reports written.

    compare.py OUR_PROGRAM [ROWS ...]

All read the same two files of ten columns of numbers (three moved by 0.1 standard deviations), and write their reports into a
folder: ours its JSON, HTML and Evidently's shape; Evidently 0.7.23 its JSON and HTML; NannyML its table as CSV. Each runs in a
process of its own. `wall` is the whole process; `work` leaves out what Python needs to import its packages, and ratios are
of `work` against our whole process. Peaks of memory are the system's, of the whole process. The fastest of three runs
counts (one at a million rows or more). This file imports nothing large: a child's peak begins at its parent's.
"""

import json
import os
import subprocess
import sys
import time

HOME = "target/bench-drift"
PEERS = {"evidently": ".cache/evidently/bin/python", "nannyml": ".cache/nannyml/bin/python"}
# Bounds at a million rows: ours is at most 1/50 of Evidently's time and needs at most so many MB; it is faster than NannyML.
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
snapshot.save_json(f"{folder}/evidently.json")
snapshot.save_html(f"{folder}/evidently.html")""",
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


def best(words, rows):
    runs = [measured(words) for _ in range(1 if rows >= 1_000_000 else 3)]
    return min(runs, key=lambda run: run[0])


def compare(program, rows):
    """Prints the lines of one size; what is broken."""
    folder = f"{HOME}/{rows}"
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(f"{folder}/current.csv"):
        subprocess.run([PEERS["evidently"], "-c", MAKE, folder, str(rows)], check=True)
    broken = []
    for kind in ["parquet", "csv"]:
        files = ["--reference", f"{folder}/reference.{kind}", "--current", f"{folder}/current.{kind}"]
        wall, peak, _ = best([program, "drift", *files, "--out", f"{folder}/ours"], rows)
        print(f"| {rows} | {kind} | ours | {wall:.3f} | {wall:.3f} | {peak:.0f} | 1 |", flush=True)
        if rows >= 1_000_000 and peak > MEGABYTES:
            broken.append(f"{kind}: {peak:.0f} MB, at most {MEGABYTES}")
        for peer, script in [("evidently", EVIDENTLY), ("nannyml", NANNYML)]:
            whole, memory, last = best([PEERS[peer], "-c", script, kind, folder], rows)
            work = json.loads(last)
            print(f"| {rows} | {kind} | {peer} | {whole:.3f} | {work:.3f} | {memory:.0f} | {work / wall:.1f} |", flush=True)
            least = RATIO if peer == "evidently" else 1
            if work < least * wall:
                broken.append(f"{rows} {kind}: {peer} needs {work / wall:.1f} times our time, at least {least} is the bound")
    return broken


def main():
    program, sizes = sys.argv[1], [int(word) for word in sys.argv[2:]] or [10_000, 100_000, 1_000_000]
    print("| rows a side | file | tool | wall s | work s | peak MB | times ours |\n|---|---|---|---|---|---|---|", flush=True)
    broken = [line for rows in sizes for line in compare(program, rows)]
    for line in broken:
        print(f"BROKEN: {line}")
    return 1 if broken else 0


sys.exit(main())
