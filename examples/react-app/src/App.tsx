import { useCallback, useEffect, useState } from "react";
import { type Model, type Prediction, loadModel } from "./api";
import { PatientForm } from "./PatientForm";
import { type Entry, WorkList } from "./WorkList";
import { percent } from "./words";

export function App() {
  const [model, setModel] = useState<Model>();
  const [problem, setProblem] = useState<string>();
  const [entries, setEntries] = useState<Entry[]>([]);

  const load = useCallback(() => {
    setProblem(undefined);
    loadModel().then(setModel, (error: Error) => setProblem(error.message));
  }, []);
  useEffect(load, [load]);

  function add(id: string, prediction: Prediction) {
    setEntries((before) => [...before.filter((entry) => entry.id !== id), { id, prediction }]);
    // Another version may have come into service, with other features.
    if (prediction.bundle_digest !== model?.bundle_digest) load();
  }

  return (
    <>
      <header className="top">
        <h1>Dropout risk</h1>
        {model && <About model={model} />}
      </header>
      {problem && (
        <p className="refusal card" role="alert">
          {problem} <button type="button" onClick={load}>Try again</button>
        </p>
      )}
      {model && (
        <main>
          <PatientForm model={model} onPredicted={add} />
          <WorkList model={model} entries={entries} />
        </main>
      )}
    </>
  );
}

function About({ model }: { model: Model }) {
  const { recall, precision } = model.metrics;
  const days = Math.round(model.horizon_seconds / 86_400);
  return (
    <p>
      {model.study}, {model.model_version}: dropout within {days} days
      {recall !== undefined && `; finds ${percent(recall)} of dropouts`}
      {precision !== undefined && `, ${percent(precision)} of its alerts are right`}
    </p>
  );
}
