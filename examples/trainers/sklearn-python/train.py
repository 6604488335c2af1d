"""A trainer: scikit-learn's logistic regression, written as a bundle. No pickle: the model is a dozen numbers."""

import json, os, pathlib
import numpy as np, pandas as pd, sklearn
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def read(folder):
    """What is asked for, the features as a frame, the label and the patients."""
    told = json.loads((folder / "training.json").read_text())
    manifest, features = told["manifest"], told["bundle"]["features"]
    rows = pd.read_csv(folder / "rows.csv", dtype=str, keep_default_na=False).apply(lambda column: column.str.strip())
    label = manifest["label"]
    return told, frame(rows, features), rows[label["column"]] == label.get("positive", "1"), rows[manifest["patientId"]]


def frame(rows, features):
    """The features of rows of text; a feature with Indicate also gets a column that says where it is missing."""
    columns = {}
    for feature in features:
        cells = rows[feature["name"]].replace("", np.nan)
        columns[feature["name"]] = cells if feature["type"] == "Category" else cells.astype(float)
        if feature.get("onMissing") == "Indicate":
            columns[feature["name"] + " missing"] = cells.isna().astype(float)
    return pd.DataFrame(columns)


def pipeline(x, features):
    levels = {feature["name"]: feature["values"] for feature in features if feature["type"] == "Category"}
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    one_hot = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(categories=list(levels.values())))
    columns = [("numbers", numbers, [name for name in x if name not in levels]), ("levels", one_hot, list(levels))]
    columns = ColumnTransformer([part for part in columns if part[2]])
    return make_pipeline(columns, LogisticRegression(max_iter=1000, tol=1e-10))


def terms(fitted, features):
    """The terms of the bundle, and what takes the place of a missing value: what the pipeline learned, in plain numbers."""
    may_miss = {feature["name"] for feature in features if feature.get("onMissing", "Refuse") != "Refuse"}
    imputed, found = {}, []
    for kind, (imputer, scaler), names in fitted[0].transformers_:
        imputed |= {name: usual for name, usual in zip(names, imputer.statistics_) if name in may_miss}
        if kind == "numbers":
            parts = [(name.removesuffix(" missing"), "missing" if name.endswith(" missing") else "value") for name in names]
            found += [(*part, mean, scale) for part, mean, scale in zip(parts, scaler.mean_, scaler.scale_)]
        else:
            found += [(name, {"is": level}, 0, 1) for name, all in zip(names, scaler.categories_) for level in all]
    found = zip(*zip(*found), fitted[1].coef_[0])
    return [dict(zip(("feature", "part", "mean", "scale", "coefficient"), term)) for term in found], imputed


def golden(x, features, risk):
    """Made-up rows that move every feature through its range, with their risks: how a scorer shows that it is right."""
    def cell(feature, turn):
        name, low, high = feature["name"], feature.get("min", -np.inf), feature.get("max", np.inf)
        if turn % 10 == 9 and feature.get("onMissing", "Refuse") != "Refuse":
            return None
        if feature["type"] == "Category":
            return feature["values"][turn % len(feature["values"])]
        number = float(np.clip(round(x[name].mean() + (turn % 5 - 2) * x[name].std(), 3), low, high))
        return round(number) if feature["type"] == "Integer" else number
    rows = [[cell(feature, row + at) for at, feature in enumerate(features)] for row in range(10)]
    text = [["" if cell is None else str(cell) for cell in row] for row in rows]
    made = frame(pd.DataFrame(text, columns=[feature["name"] for feature in features]), features)
    return [{"cells": cells, "risk": p} for cells, p in zip(rows, risk(made))]


def main(source, target):
    told, x, y, patients = read(source)
    features = told["bundle"]["features"]
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=abs(told["bundle"]["seed"]) % 2**32)
    logits = cross_val_predict(pipeline(x, features), x, y, groups=patients, cv=folds, method="decision_function")
    intercept, slope, why = 0.0, 1.0, "none: fewer than 100 training patients dropped out"
    if patients[y].nunique() >= 100:  # A calibration on fewer would only add noise.
        platt = LogisticRegression(C=np.inf, tol=1e-10).fit(logits[:, None], y)
        intercept, slope, why = platt.intercept_[0], platt.coef_[0, 0], "Platt, on out-of-fold logits"
    fitted = pipeline(x, features).fit(x, y)
    calibrated = lambda logits: 1 / (1 + np.exp(-(intercept + slope * logits)))
    risks = calibrated(logits)
    cuts = np.unique(np.quantile(risks, np.linspace(0, 1, 400), method="nearest"))
    found, imputed = terms(fitted, features)
    bundle = told["bundle"] | {
        "code": f"sklearn-python/1 (scikit-learn {sklearn.__version__})",
        "model": {"logistic": {"intercept": fitted[1].intercept_[0], "terms": found, "imputed": imputed}},
        "calibration": {"intercept": intercept, "slope": slope}, "calibrationReason": why,
        "thresholds": [{"threshold": t, "recall": np.mean(risks[y] >= t), "alertRate": np.mean(risks >= t)} for t in cuts],
        "reference": list(np.quantile(risks, np.linspace(0, 1, 21))),
        "golden": golden(x, features, lambda made: calibrated(fitted.decision_function(made))),
    }
    (target / "bundle.json").write_text(json.dumps(bundle, indent=1, default=float))


if __name__ == "__main__":
    main(*(pathlib.Path(os.environ.get(f"TRAINER_{way}", f"/scratch/{way.lower()}")) for way in ("IN", "OUT")))
