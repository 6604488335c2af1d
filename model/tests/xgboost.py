"""Real XGBoost: `train FOLDER` writes models with rows, risks and contributions; `score FOLDER` scores our documents.

Matrices are little-endian float32, row after row; a missing value is NaN."""

import os
import sys

# On a machine that others use as well, threads that wait for each other take minutes.
os.environ["OMP_NUM_THREADS"] = "1"
# The folder of this script holds xgboost.py, which would be taken for the library.
sys.path.pop(0)
import numpy as np
import xgboost as xgb

ROWS = 1600
NAMES = ["age", "distance_km", "missed_visits", "pain", "day", "calls", "weight", "dose", "hours"]
LEVELS = ["arm=A", "arm=B", "arm=C"]


def world(seed):
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(ROWS, len(NAMES))).astype(np.float32) * np.float32(10.0)
    numbers[:, 2] = random.integers(0, 5, ROWS)
    logit = 0.1 * numbers[:, 0] - 0.05 * numbers[:, 1] * (numbers[:, 2] > 2) + 0.4 * numbers[:, 2] - 1.5
    arms = random.integers(0, 3, ROWS)
    label = (random.random(ROWS) < 1 / (1 + np.exp(-logit - (arms == 1)))).astype(int)
    numbers[random.random(numbers.shape) < 0.15] = np.nan
    levels = (arms[:, None] == np.arange(3)).astype(np.float32)
    levels[random.random(ROWS) < 0.1] = np.nan
    return np.ascontiguousarray(np.hstack([numbers, levels])), label


def write(folder, name, booster, values):
    rows = xgb.DMatrix(values, feature_names=NAMES + LEVELS)
    every = (0, booster.num_boosted_rounds())
    booster.save_model(f"{folder}/{name}.json")
    booster.save_model(f"{folder}/{name}.ubj")
    values.astype("<f4").tofile(f"{folder}/{name}.rows")
    answers(f"{folder}/{name}", booster, rows, every)


def answers(stem, booster, rows, every):
    booster.predict(rows, iteration_range=every).astype("<f4").tofile(f"{stem}.risks")
    booster.predict(rows, pred_contribs=True, iteration_range=every).astype("<f4").tofile(f"{stem}.contributions")


def train(folder):
    for seed in (1, 2, 3):
        values, label = world(seed)
        rows = xgb.DMatrix(values, label, feature_names=NAMES + LEVELS)

        def save(name, rounds=100, **settings):
            settings = {"objective": "binary:logistic", "eta": 0.1, "nthread": 1, "seed": seed, **settings}
            write(folder, f"{name}-{seed}", xgb.train(settings, rows, rounds), values)

        save("depth3", max_depth=3)
        save("depth6", max_depth=6)
        save("small", 3, max_depth=2)
        if seed == 1:
            save("base", max_depth=3, base_score=0.03)
            save("deleted", 20, max_depth=7, tree_method="exact", gamma=1.5)
            save("weighted", 20, max_depth=4, scale_pos_weight=3)
            save("deep", 10, max_depth=0, grow_policy="lossguide", max_leaves=200, min_child_weight=0)
            save("forest", 5, max_depth=4, num_parallel_tree=4, subsample=0.5)
    refused(folder)


def refused(folder):
    values, label = world(1)
    named = {"feature_names": NAMES + LEVELS}
    rows = xgb.DMatrix(values, label, **named)

    def save(name, rows=rows, rounds=3, **settings):
        booster = xgb.train({"objective": "binary:logistic", "max_depth": 2, **settings}, rows, rounds)
        for kind in ("json", "ubj"):
            booster.save_model(f"{folder}/refused-{name}.{kind}")

    save("dart", booster="dart", rate_drop=0.5)
    save("gblinear", xgb.DMatrix(np.nan_to_num(values), label, **named), booster="gblinear")
    save("squarederror", objective="reg:squarederror")
    save("softprob", objective="multi:softprob", num_class=2)
    save("unnamed", xgb.DMatrix(values, label))
    both = np.stack([label, 1 - label], axis=1)
    save("labels", xgb.DMatrix(values, both, **named))
    save("vectors", xgb.DMatrix(values, both, **named), multi_strategy="multi_output_tree", tree_method="hist")
    kinds = ["float"] * len(NAMES) + ["c"] * len(LEVELS)
    save("categories", xgb.DMatrix(values, label, **named, feature_types=kinds, enable_categorical=True))
    stopped = xgb.train(
        {"objective": "binary:logistic", "eta": 0.9, "max_depth": 8},
        rows,
        60,
        evals=[(xgb.DMatrix(*world(2), **named), "other")],
        early_stopping_rounds=10,
        verbose_eval=False,
    )
    assert stopped.best_iteration + 1 < stopped.num_boosted_rounds()
    stopped.save_model(f"{folder}/refused-stopped.json")
    stopped.save_model(f"{folder}/refused-stopped.ubj")
    write(folder, "sliced-2", stopped[: stopped.best_iteration + 1], world(2)[0])


def score(folder):
    for file in sorted(os.listdir(folder)):
        stem, kind = os.path.splitext(file)
        if kind == ".ours":
            values = np.fromfile(f"{folder}/{stem}.rows", dtype="<f4").reshape(ROWS, -1)
            with open(f"{folder}/{file}", "rb") as document:
                booster = xgb.Booster(model_file=bytearray(document.read()))
            rows = xgb.DMatrix(values, feature_names=NAMES + LEVELS)
            answers(f"{folder}/{stem}.ours", booster, rows, (0, booster.num_boosted_rounds()))


{"train": train, "score": score}[sys.argv[1]](sys.argv[2])
