import { type FormEvent, useState } from "react";
import { type Feature, type Model, type Patient, type Prediction, Refusal, predict } from "./api";
import { bounds, words } from "./words";

type Props = { model: Model; onPredicted: (id: string, prediction: Prediction) => void };

/** One patient at a time. Its fields are the features of the version that is served. */
export function PatientForm({ model, onPredicted }: Props) {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const patient = read(new FormData(form), model.features);
    setBusy(true);
    setRefusal(undefined);
    try {
      onPredicted(patient.patient_id, await predict(patient));
      form.reset();
      form.querySelector("input")?.focus();
    } catch (error) {
      setRefusal(error instanceof Refusal ? error : new Refusal("Something went wrong in this page.", {}));
    } finally {
      setBusy(false);
    }
  }

  const wrong = refusal?.fields ?? {};
  const names = ["patient_id", ...model.features.map((feature) => feature.name)];
  const others = Object.entries(wrong).filter(([name]) => !names.includes(name));
  return (
    <form className="card" onSubmit={submit} noValidate>
      <h2>Patient</h2>
      <Field name="patient_id" label="Patient" hint="identifier in the trial" wrong={wrong.patient_id}>
        <input id="patient_id" name="patient_id" autoComplete="off" maxLength={128} aria-describedby="patient_id-hint" />
      </Field>
      {model.features.map((feature) => (
        <Field key={feature.name} name={feature.name} label={words(feature.name)} hint={hint(feature)} wrong={wrong[feature.name]}>
          <Input feature={feature} />
        </Field>
      ))}
      {refusal && (
        <p className="refusal" role="alert">
          {refusal.message}
          {others.map(([name, problem]) => (
            <span key={name}>
              {" "}
              {name} {problem}.
            </span>
          ))}
        </p>
      )}
      <button disabled={isBusy}>{isBusy ? "Asking …" : "Predict"}</button>
    </form>
  );
}

type FieldProps = { name: string; label: string; hint: string; wrong: string | undefined; children: React.ReactNode };

function Field({ name, label, hint, wrong, children }: FieldProps) {
  return (
    <div className={wrong ? "field wrong" : "field"}>
      <label htmlFor={name}>{label}</label>
      {children}
      <small id={`${name}-hint`}>{wrong ?? hint}</small>
    </div>
  );
}

function Input({ feature }: { feature: Feature }) {
  const own = { id: feature.name, name: feature.name, "aria-describedby": `${feature.name}-hint` };
  if (feature.type === "Category") {
    return (
      <select {...own} defaultValue="">
        <option value="">–</option>
        {feature.values?.map((value) => <option key={value}>{value}</option>)}
      </select>
    );
  }
  return <input {...own} inputMode={feature.type === "Integer" ? "numeric" : "decimal"} autoComplete="off" />;
}

const isNeeded = (feature: Feature) => feature.onMissing !== "Impute";

function hint(feature: Feature): string {
  const what = feature.type === "Category" ? "one of a list" : bounds(feature);
  return isNeeded(feature) ? what : `${what}; may be left empty`;
}

/** What was entered. The service judges it: a text that is no number goes as it is and comes back with what is wrong. */
function read(data: FormData, features: Feature[]): Patient {
  const patient: Patient = { patient_id: String(data.get("patient_id") ?? "").trim() };
  for (const feature of features) {
    const text = String(data.get(feature.name) ?? "").trim();
    if (text === "") continue;
    const number = Number(text.replace(",", "."));
    patient[feature.name] = feature.type === "Category" || Number.isNaN(number) ? text : number;
  }
  return patient;
}
