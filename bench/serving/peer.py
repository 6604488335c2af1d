"""The service that ours replaces, as such services are written: FastAPI, pydantic, scikit-learn, a key, a log line with the
hashed identifier. Arguments: rows (CSV), port."""
import hashlib
import logging
import os
import sys

import pandas
import uvicorn
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["age", "days_in_trial", "visits_completed", "adverse_events"]
rows, port = sys.argv[1], int(sys.argv[2])
table = pandas.read_csv(rows).dropna(subset=["dropout_28d"])
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(table[FEATURES].to_numpy(), table["dropout_28d"].astype(int))
logging.basicConfig(level=logging.INFO, filename=os.devnull)
app = FastAPI()


class Patient(BaseModel):
    patient_id: str
    age: int
    days_in_trial: int
    visits_completed: int
    adverse_events: int


def predicted(patient: Patient) -> dict:
    risk = float(model.predict_proba([[getattr(patient, name) for name in FEATURES]])[0, 1])
    logging.info("predicted %s", hashlib.sha256(patient.patient_id.encode()).hexdigest()[:16])
    level = "Low" if risk < 0.3 else "Medium" if risk < 0.65 else "Critical"
    return {"dropout_prediction": int(risk >= 0.3), "probability": risk, "risk_level": level}


def check(key: str) -> None:
    if key != os.environ["API_KEY"]:
        raise HTTPException(401)


@app.post("/predict")
async def predict(patient: Patient, x_api_key: str = Header("")):
    check(x_api_key)
    return predicted(patient)


@app.post("/v1/predict:batch")
async def batch(body: dict[str, list[Patient]], x_api_key: str = Header("")):
    check(x_api_key)
    return {"results": [predicted(patient) for patient in body["rows"]]}


uvicorn.run(app, host="127.0.0.1", port=port, workers=1, loop="uvloop", http="httptools", access_log=False, log_level="warning")
