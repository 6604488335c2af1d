"""Prints ours beside scikit-learn's and XGBoost's: fit time, one-row scoring, memory and AUC, at several numbers of rows.

    compare.py OUR_PROGRAM [ROWS ...]
    compare.py fit newton-cholesky|lbfgs|xgboost TRAINING FRESH      (one fit; started by the first form)

Both sides read the same files of world rows (value matrix as 64-bit numbers, row-major), get the same columns scaled to
mean 0 and variance 1 for logistic regression, and are timed around the fit alone in a process of their own: from a
matrix in memory to a model. Each fit is made three times (once at a million rows or more) and the fastest counts. AUCs
of both are computed by scikit-learn on 200,000 rows that no fit has seen.
"""

import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

THREADS = 2
FRESH = 10_000_000, 200_000
# World: (best AUC of any model, learner, least AUC that ours must reach at a million rows).
MUST = {"linear": (0.7351, "logistic", 0.734), "nonlinear": (0.7896, "boosting", 0.787)}
PEERS = {"logistic": ["newton-cholesky", "lbfgs"], "boosting": ["xgboost"]}
HOME = "target/bench-learning"


def read(folder):
    return np.fromfile(f"{folder}/values.f64").reshape(-1, 10), np.fromfile(f"{folder}/labels.u8", dtype=np.uint8)


def memory(name):
    """A line of /proc/self/status in MiB: VmRSS now, VmHWM at most. (getrusage would show the parent's peak.)"""
    for line in open("/proc/self/status", encoding="utf-8"):
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    return float("nan")


def fit(learner, training, fresh):
    """One fit of a peer; says in JSON what it took."""
    if learner == "xgboost":
        import xgboost

        model = xgboost.XGBClassifier(
            tree_method="hist", n_estimators=100, max_depth=6, learning_rate=0.1, reg_lambda=5, min_child_weight=5,
            n_jobs=THREADS,
        )
    else:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1.0, solver=learner, max_iter=1000)
    x, y = read(training)
    before = memory("VmRSS")
    start = time.perf_counter()
    model.fit(x, y)
    seconds = time.perf_counter() - start
    peak = memory("VmHWM")
    x, _ = read(fresh)
    np.asarray(model.predict_proba(x)[:, 1], dtype=np.float64).tofile(f"{training}/{learner}.f64")
    took = []
    for at in range(300):
        start = time.perf_counter()
        model.predict_proba(x[at : at + 1])
        took.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "row": statistics.median(took), "peak": peak, "before": before}))


def auc(risks, labels):
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(labels, np.fromfile(risks)))


def rows(program, world, start, n):
    """A folder with rows of a world as they are, and one with the columns scaled."""
    raw, scaled = f"{HOME}/{world}-{start}-{n}", f"{HOME}/{world}-{start}-{n}-scaled"
    subprocess.run([program, "rows", world, str(start), str(n), raw], check=True)
    x, y = read(raw)
    os.makedirs(scaled, exist_ok=True)
    mean, scale = SCALE.setdefault(world, (x.mean(axis=0), x.std(axis=0)))
    ((x - mean) / scale).tofile(f"{scaled}/values.f64")
    y.tofile(f"{scaled}/labels.u8")
    return {"boosting": raw, "logistic": scaled}


SCALE = {}


def best(command, times):
    found = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(times)]
    return min(found, key=lambda each: each["seconds"])


def measure(program, world, learner, n):
    """Rows of the table for one learner at one number of rows, ours first; and our AUC."""
    training, fresh = rows(program, world, 0, n)[learner], rows(program, world, *FRESH)[learner]
    labels, times = read(fresh)[1], 1 if n >= 1_000_000 else 3
    lines = []
    for name in ["ours", *PEERS[learner]]:
        if name == "ours":
            command = [program, "fit", learner, str(THREADS), training, fresh]
        else:
            command = [sys.executable, __file__, "fit", name, training, fresh]
        found = best(command, times)
        risks = f"{training}/ours-{learner}.f64" if name == "ours" else f"{training}/{name}.f64"
        lines.append((name, found, auc(risks, labels)))
    return lines


def show(world, learner, n, lines):
    ours = lines[0][1]["seconds"]
    for name, found, area in lines:
        ratio = "" if name == "ours" else f"{ours / found['seconds']:.2f}"
        fitted = found["peak"] - found["before"]
        print(
            f"{world:10}{learner:10}{n:>9,}  {name:16}{found['seconds']:>9.3f}{ratio:>8}{found['row'] * 1e6:>10.2f}"
            f"{found['peak']:>9.0f}{fitted:>9.0f}{area:>9.4f}",
            flush=True,
        )


def main(program, sizes):
    print(f"{THREADS} threads; load {os.getloadavg()[0]:.1f} at the start; ratio = our time / theirs")
    print(
        f"{'world':10}{'learner':10}{'rows':>9}  {'who':16}{'fit s':>9}{'ratio':>8}{'row us':>10}"
        f"{'peak MiB':>9}{'fit MiB':>9}{'AUC':>9}"
    )
    wrong = []
    for world, (bayes, main_learner, least) in MUST.items():
        for n in sizes:
            for learner in ["logistic"] if world == "linear" else ["logistic", "boosting"]:
                lines = measure(program, world, learner, n)
                show(world, learner, n, lines)
                area = lines[0][2]
                if area > bayes + 0.002:
                    wrong.append(f"{world} {learner} {n}: AUC {area:.4f} is above what is possible, {bayes}: a leak")
                if learner == main_learner and n >= 1_000_000 and area < least:
                    wrong.append(f"{world} {learner} {n}: AUC {area:.4f} is below {least}")
    print("\n".join(wrong) or "AUC: as the worlds allow")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1] == "fit":
        fit(*sys.argv[2:5])
    else:
        sys.exit(main(sys.argv[1], [int(n) for n in sys.argv[2:]] or [10_000, 100_000, 1_000_000]))
