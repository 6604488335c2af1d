"""A trainer: XGBoost. It leaves XGBoost's own file, out-of-fold risks, and what it claims about itself.

The operator's `evaluate` makes a bundle of the file: it calibrates on the out-of-fold risks, chooses the threshold on
them, and judges the model on patients that this program never saw.
"""

import json
import os
import pathlib

import numpy as np
import pandas as pd
import xgboost
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

FOLDS = 5
MOST_ROUNDS = 400
PATIENCE = 20
# Dropouts are not weighed: a weight buys no AUC and spoils the risks. Where scale_pos_weight is set, the import takes
# its logarithm off every logit again.
PARAMETERS = {
    "objective": "binary:logistic",
    "booster": "gbtree",
    "tree_method": "hist",
    "max_depth": 3,
    "eta": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "min_child_weight": 5,
    "lambda": 5,
}


def read(folder):
    """What is asked for, the columns of the model, the label and the patients."""
    told = json.loads((folder / "training.json").read_text())
    manifest = told["manifest"]
    rows = pd.read_csv(folder / "rows.csv", dtype=str, keep_default_na=False)
    rows = rows.apply(lambda column: column.str.strip())
    label = (rows[manifest["label"]["column"]] == manifest["label"].get("positive", "1")).astype(int)
    return told, columns(rows, told["bundle"]["features"]), label, rows[manifest["patientId"]]


def columns(rows, features):
    """One column for a number, named as the feature; one of 0 and 1 for each level of a category, named feature=level.

    A missing value is NaN, in every column of its feature: each split says where such a row goes. The names and this
    rule are the whole contract between this file and the server.
    """
    made = {}
    for feature in features:
        name = feature["name"]
        cells = rows[name].replace("", np.nan)
        if feature["type"] != "Category":
            made[name] = cells.astype(float)
            continue
        for level in feature["values"]:
            made[f"{name}={level}"] = (cells == level).astype(float).where(cells.notna())
    return pd.DataFrame(made)


def constraints(features, names):
    """XGBoost's monotone constraints from those of the manifest."""
    direction = {"Increasing": 1, "Decreasing": -1}
    asked = {feature["name"]: direction.get(feature.get("monotone"), 0) for feature in features}
    return tuple(asked.get(name, 0) for name in names)


def fit(x, y, parameters, rounds):
    matrix = xgboost.DMatrix(x, label=y)
    return xgboost.train(parameters, matrix, num_boost_round=rounds)


def rounds_for(x, y, patients, parameters):
    """How many trees: early stopping on patients that the trees did not see."""
    inner = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state=parameters["seed"])
    seen, kept = next(inner.split(x, y, patients))
    matrix = lambda at: xgboost.DMatrix(x.iloc[at], label=y.iloc[at])
    booster = xgboost.train(
        parameters | {"eval_metric": "logloss"},
        matrix(seen),
        num_boost_round=MOST_ROUNDS,
        evals=[(matrix(kept), "kept")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    return booster.best_iteration + 1


def out_of_fold(x, y, patients, parameters):
    """The risk of every row from a model that saw no row of the patient, not even to count its trees."""
    risks = np.full(len(y), np.nan)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=parameters["seed"])
    for seen, held in folds.split(x, y, patients):
        part = x.iloc[seen], y.iloc[seen]
        rounds = rounds_for(*part, patients.iloc[seen], parameters)
        risks[held] = fit(*part, parameters, rounds).predict(xgboost.DMatrix(x.iloc[held]))
    return risks


def main(source, target):
    told, x, y, patients = read(source)
    features = told["bundle"]["features"]
    parameters = PARAMETERS | {
        "seed": abs(told["bundle"]["seed"]) % 2**31,
        "nthread": 1,
        "monotone_constraints": constraints(features, x.columns),
    }
    risks = out_of_fold(x, y, patients, parameters)
    booster = fit(x, y, parameters, rounds_for(x, y, patients, parameters))
    booster.save_model(target / "model.ubj")
    pd.DataFrame({"risk": risks}).to_csv(target / "out_of_fold.csv", index=False)
    claims = {"roc_auc": roc_auc_score(y, risks), "brier": brier_score_loss(y, risks)}
    (target / "claims.json").write_text(json.dumps(claims))
    print(f"trained {booster.num_boosted_rounds()} trees on {len(x)} rows of {patients.nunique()} patients")


if __name__ == "__main__":
    main(
        pathlib.Path(os.environ.get("TRAINER_IN", "/scratch/in")),
        pathlib.Path(os.environ.get("TRAINER_OUT", "/scratch/out")),
    )
