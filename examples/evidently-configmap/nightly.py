"""Runs Evidently's drift report on two CSV files and puts it, with what it is about, into the ConfigMap that a RetrainPolicy
reads. What the columns are, and which version is served, is asked of the cluster."""
import argparse
import json
import os
import subprocess
import sys

os.environ.setdefault("DO_NOT_TRACK", "1")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--model", required=True, help="name of the DropoutModel")
    parser.add_argument("--reference", required=True, help="CSV with the rows that the served version was trained on")
    parser.add_argument("--current", required=True, help="CSV with the rows of the window")
    parser.add_argument("--window-end", required=True, help="end of the window, such as 2026-11-20T00:00:00Z")
    return parser.parse_args()


def kubectl(namespace, *words, given=None):
    command = ["kubectl", "--namespace", namespace, *words]
    done = subprocess.run(command, input=given, text=True, stdout=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"kubectl {words[0]} failed: nothing was written")
    return done.stdout


def served(model):
    """Name of the served version. Without one there is nothing that the report could be about."""
    production = model.get("status", {}).get("production")
    if not production:
        sys.exit(f"DropoutModel {model['metadata']['name']} has no production version yet")
    return production["name"]


def columns(spec):
    """Numeric and categorical features. One that advances with the trial by itself, such as the day in trial, is left out."""
    kept = [feature for feature in spec["features"] if feature.get("role") != "Time"]
    numbers = [feature["name"] for feature in kept if feature["type"] != "Category"]
    return numbers, [feature["name"] for feature in kept if feature["type"] == "Category"]


def rows(file, spec, wanted):
    """The last row of each patient: rows of one patient are not independent, and make Evidently see drift where none is."""
    import pandas

    frame = pandas.read_csv(file, dtype={spec["patientId"]: str})
    missing = [name for name in [spec["patientId"], *wanted] if name not in frame.columns]
    if missing:
        # Evidently would leave the column out of the report, and that would read as no drift.
        sys.exit(f"{file} has no column {', '.join(missing)}")
    return frame.drop_duplicates(spec["patientId"], keep="last")[wanted]


def report(spec, reference, current):
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    numbers, categories = columns(spec)
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    sides = [Dataset.from_pandas(rows(file, spec, numbers + categories), definition) for file in (current, reference)]
    return Report([DataDriftPreset()]).run(*sides).json()


def config_map(model, text, window_end):
    name = model["metadata"]["name"]
    annotations = {
        "trialops.dev/model": name,
        "trialops.dev/version": served(model),
        "trialops.dev/window-end": window_end,
    }
    labels = {"trialops.dev/drift-report": name}
    metadata = {"name": f"{name}-drift", "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"report.json": text}}


def main():
    given = arguments()
    model = json.loads(kubectl(given.namespace, "get", "dropoutmodel", given.model, "--output", "json"))
    served(model)
    text = report(model["spec"], given.reference, given.current)
    # One write: nobody ever sees the report of one night with the window of another.
    written = json.dumps(config_map(model, text, given.window_end))
    words = ["apply", "--server-side", "--force-conflicts", "--field-manager=evidently-nightly", "--filename=-"]
    print(kubectl(given.namespace, *words, given=written), end="")


if __name__ == "__main__":
    main()
