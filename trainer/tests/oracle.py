"""Fits scikit-learn's logistic regression as the trainer should, and writes the probability of every row.

Reads the path of a CSV file, a JSON file with features and label, and the path to write to. Every step is
scikit-learn's or plain Python's, none is ours: medians, most frequent values, one column for each level,
StandardScaler, newton-cholesky with tol 1e-12 and C = 1.
"""

import csv
import json
import statistics
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))
spec = json.load(open(sys.argv[2], encoding="utf-8"))
columns = []
for feature in spec["features"]:
    cells = [row[feature["name"]] for row in rows]
    known = [cell for cell in cells if cell != ""]
    if feature["type"] == "Category":
        usual = max(feature["values"], key=known.count)
        for level in feature["values"]:
            columns.append([float((cell or usual) == level) for cell in cells])
    else:
        median = statistics.median(map(float, known))
        columns.append([float(cell) if cell != "" else median for cell in cells])
    if feature.get("onMissing") == "Indicate":
        columns.append([float(cell == "") for cell in cells])
y = np.array([int(row[spec["label"]]) for row in rows])
x = StandardScaler().fit_transform(np.array(columns).T)
weight = float(spec.get("positiveWeight", 1.0))
model = LogisticRegression(C=1.0, class_weight={0: 1.0, 1: weight}, solver="newton-cholesky", tol=1e-12, max_iter=1000)
model.fit(x, y)
with open(sys.argv[3], "w", encoding="utf-8") as out:
    for risk in model.predict_proba(x)[:, 1]:
        out.write(f"{float(risk)!r}\n")
