"""The risks that the real library gives the rows of a file, before any calibration: scikit-learn or XGBoost itself.

Reads which library, the folder of its trainer, the trainer's input and output folders, the CSV file to score, and the
path to write to.
"""

import pathlib
import sys

import pandas as pd

library, trainer, source, target, data, out = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
sys.path.insert(0, str(trainer))
import train

told, x, y, _ = train.read(source)
features = told["bundle"]["features"]
rows = pd.read_csv(data, dtype=str, keep_default_na=False)
if library == "sklearn":
    risks = train.pipeline(x, features).fit(x, y).predict_proba(train.frame(rows, features))[:, 1]
else:
    import xgboost

    booster = xgboost.Booster(model_file=target / "model.ubj")
    risks = booster.predict(xgboost.DMatrix(train.columns(rows, features)))
out.write_text("".join(f"{float(risk)!r}\n" for risk in risks))
