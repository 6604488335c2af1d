"""A trainer: scikit-learn's logistic regression, written as a bundle. No pickle: the model is a dozen numbers."""

import json, os, pathlib
import numpy as np, pandas as pd, sklearn
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

ENOUGH = 100  # Fewest patients who dropped out for a calibration; below, it would only add noise.


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
    usual = SimpleImputer(strategy="most_frequent")
    one_hot = make_pipeline(usual, OneHotEncoder(categories=list(levels.values()), sparse_output=False))
    columns = [("numbers", numbers, [name for name in x if name not in levels]), ("levels", one_hot, list(levels))]
    return make_pipeline(ColumnTransformer(columns), LogisticRegression(max_iter=1000, tol=1e-10))


def terms(fitted, features):
    """The terms of the bundle, and what takes the place of a missing value: what the pipeline learned, in plain numbers."""
    transformed, regression = fitted[0], fitted[1]
    imputed, found = {}, []
    for kind, steps, names in transformed.transformers_:
        if not names:
            continue
        usual = dict(zip(names, steps[0].statistics_))
        imputed |= {f["name"]: usual[f["name"]] for f in features if f.get("onMissing", "Refuse") != "Refuse" and f["name"] in usual}
        if kind == "numbers":
            for name, mean, scale in zip(names, steps[1].mean_, steps[1].scale_):
                part = "missing" if name.endswith(" missing") else "value"
                found.append((name.removesuffix(" missing"), part, mean, scale))
        else:
            found += [(name, {"is": level}, 0.0, 1.0) for name, levels in zip(names, steps[1].categories_) for level in levels]
    keys = ("feature", "part", "mean", "scale", "coefficient")
    return [dict(zip(keys, term + (weight,))) for term, weight in zip(found, regression.coef_[0])], imputed


def golden(x, features, risk):
    """Made-up rows that move every feature through its range, with their risks: how a scorer shows that it is right."""
    rows = [[cell(x, feature, row + at) for at, feature in enumerate(features)] for row in range(10)]
    made = frame(pd.DataFrame(rows, columns=[f["name"] for f in features]).astype(object).fillna("").astype(str), features)
    return [{"cells": cells, "risk": p} for cells, p in zip(rows, risk(made))]


def cell(x, feature, turn):
    if turn % 10 == 9 and feature.get("onMissing", "Refuse") != "Refuse":
        return None
    if feature["type"] == "Category":
        return feature["values"][turn % len(feature["values"])]
    number = x[feature["name"]].mean() + (turn % 5 - 2) * x[feature["name"]].std()
    number = float(np.clip(round(number, 3), feature.get("min", -np.inf), feature.get("max", np.inf)))
    return round(number) if feature["type"] == "Integer" else number


def main(source, target):
    told, x, y, patients = read(source)
    features = told["bundle"]["features"]
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=abs(told["bundle"]["seed"]) % 2**32)
    logits = cross_val_predict(pipeline(x, features), x, y, groups=patients, cv=folds, method="decision_function")
    intercept, slope = 0.0, 1.0
    if patients[y].nunique() >= ENOUGH:
        platt = LogisticRegression(C=np.inf, tol=1e-10).fit(logits[:, None], y)
        intercept, slope = float(platt.intercept_[0]), float(platt.coef_[0, 0])
    fitted = pipeline(x, features).fit(x, y)
    calibrated = lambda logit: 1 / (1 + np.exp(-(intercept + slope * logit)))
    risks = calibrated(logits)
    cuts = np.unique(np.quantile(risks, np.linspace(0, 1, 400), method="nearest"))
    points = [{"threshold": t, "recall": np.mean(risks[y] >= t), "alertRate": np.mean(risks >= t)} for t in cuts]
    found, imputed = terms(fitted, features)
    bundle = told["bundle"] | {
        "code": f"sklearn-python/1 (scikit-learn {sklearn.__version__})",
        "model": {"logistic": {"intercept": fitted[1].intercept_[0], "terms": found, "imputed": imputed}},
        "calibration": {"intercept": intercept, "slope": slope},
        "calibrationReason": f"Platt, on out-of-fold logits" if slope != 1.0 else f"none: fewer than {ENOUGH} patients dropped out",
        "thresholds": points,
        "reference": list(np.quantile(risks, np.linspace(0, 1, 21))),
        "golden": golden(x, features, lambda made: calibrated(fitted.decision_function(made))),
    }
    (target / "bundle.json").write_text(json.dumps(bundle, indent=1, default=float))


if __name__ == "__main__":
    main(*(pathlib.Path(os.environ.get(name, default)) for name, default in (("INPUT", "/scratch/in"), ("OUTPUT", "/scratch/out"))))
