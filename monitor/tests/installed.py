"""What people do with Evidently: `make DIR` writes reports of a simulated pair, `retrain FILE` asks a report whether to
train anew."""
import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")


def should_retrain(path):
    with open(path) as file:
        report = json.load(file)
    return bool(report["metrics"][0]["result"]["dataset_drift"])


NUMBERS = ["ks", "wasserstein", "psi", "kl_div", "jensenshannon", "hellinger", "anderson", "cramer_von_mises", "es",
           "mannw", "t_test", "ed", "empirical_mmd"]
LABELS = ["chisquare", "z", "fisher_exact", "g_test", "TVD", "psi", "kl_div", "jensenshannon", "hellinger"]


def pair():
    import numpy as np
    import pandas as pd

    draw = np.random.default_rng(11)
    rows = 90

    def side(by, share):
        return pd.DataFrame({
            "moved": draw.normal(by, 1.0, rows), "still": draw.normal(0.0, 1.0, rows),
            "adherence": draw.beta(8 - 4 * by, 2, rows), "arm": draw.choice(["A", "B", "C"], rows),
            "remote": draw.random(rows) < share, "home": draw.random(rows) < 0.5,
        })

    return side(0.0, 0.2), side(0.9, 0.7)


def make(folder):
    from evidently import Report
    from evidently.legacy.metric_preset import DataDriftPreset as Preset
    from evidently.legacy.report import Report as Legacy
    from evidently.legacy.test_preset import DataDriftTestPreset as Tests
    from evidently.legacy.test_suite import TestSuite
    from evidently.metrics import DriftedColumnsCount, ValueDrift
    from evidently.presets import DataDriftPreset
    from evidently.tests import gt, lt

    reference, current = pair()

    def write(name, text):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)

    plain = Report([DataDriftPreset()]).run(current, reference)
    write("report.json", plain.json())
    write("snapshot.json", plain.dumps())
    tested = Report([DataDriftPreset()], include_tests=True).run(current, reference)
    write("report-tests.json", tested.json())
    write("snapshot-tests.json", tested.dumps())
    for name, test in [("passed", lt(0.9)), ("warned", lt(0.3, is_critical=False)), ("lower", gt(0.1))]:
        metrics = [DriftedColumnsCount(share_tests=[test])]
        write(f"share-{name}.json", Report(metrics).run(current, reference).json())
    for name, tool in [("legacy", Legacy([Preset()])), ("legacy-tests", TestSuite([Tests()]))]:
        tool.run(reference_data=reference, current_data=current)
        write(name + ".json", tool.json())
    for columns, methods in [(["moved", "still"], NUMBERS), (["remote", "home"], LABELS)]:
        for method in methods:
            try:
                metrics = [ValueDrift(column=column, method=method) for column in columns]
                text = Report(metrics, include_tests=True).run(current, reference).json()
            except Exception as error:
                print(method, "failed:", type(error).__name__, file=sys.stderr)
                continue
            write(f"method-{method}-{columns[0]}.json", text)


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    print(should_retrain(sys.argv[2]))
