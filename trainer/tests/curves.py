"""What scikit-learn and numpy say about risks: curves.py RISKS.csv OUT.json (columns patient, risk, label)."""

import json
import sys

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

table = np.genfromtxt(sys.argv[1], delimiter=",", names=True)
risk, label = table["risk"], table["label"].astype(int)
false_rate, recall, _ = roc_curve(label, risk, drop_intermediate=False)
precision, found, _ = precision_recall_curve(label, risk)
observed, mean = calibration_curve(label, risk, n_bins=10, strategy="quantile")
edges = np.percentile(risk, np.arange(10, 100, 10))
group = np.searchsorted(edges, risk)
miss = [abs(risk[group == g].mean() - label[group == g].mean()) * (group == g).mean() for g in np.unique(group)]
logit = np.log(risk / (1 - risk)).reshape(-1, 1)
line = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000, solver="newton-cholesky").fit(logit, label)


def benefit(threshold, called):
    true, false = (called & (label == 1)).mean(), (called & (label == 0)).mean()
    return true - false * threshold / (1 - threshold)


thresholds = [hundredth / 100 for hundredth in range(1, 61)]
json.dump(
    {
        "auc": roc_auc_score(label, risk),
        "roc": np.column_stack([false_rate, recall]).tolist(),
        "precisionRecall": np.column_stack([found, precision]).tolist(),
        "mean": mean.tolist(),
        "observed": observed.tolist(),
        "ece": float(sum(miss)),
        "slope": float(line.coef_[0, 0]),
        "intercept": float(line.intercept_[0]),
        "benefit": [benefit(t, risk >= t) for t in thresholds],
        "everybody": [benefit(t, risk >= 0) for t in thresholds],
        "histogram": np.histogram(risk, bins=20, range=(0, 1))[0].tolist(),
    },
    open(sys.argv[2], "w"),
)
