"""Fits XGBoost as our boosting should, for each folder named, and writes the risk of every fresh row.

A folder has training.csv and fresh.csv, label first, then features, without a header and with nothing where a value is
missing, and settings.json with what XGBClassifier is told. `seeds` is ours: the risks are the mean over that many fits
with random_state 0, 1 and so on. The folder gets risks.txt.
"""

import json
import sys

import numpy as np
import xgboost

for folder in sys.argv[1:]:
    training, fresh = (np.genfromtxt(f"{folder}/{name}.csv", delimiter=",") for name in ("training", "fresh"))
    settings = json.load(open(f"{folder}/settings.json", encoding="utf-8"))
    seeds = settings.pop("seeds")
    risks = np.zeros(len(fresh))
    for seed in range(seeds):
        model = xgboost.XGBClassifier(random_state=seed, **settings).fit(training[:, 1:], training[:, 0])
        risks += model.predict_proba(fresh[:, 1:])[:, 1].astype(np.float64) / seeds
    with open(f"{folder}/risks.txt", "w", encoding="utf-8") as out:
        for risk in risks:
            out.write(f"{float(risk)!r}\n")
