import { useState } from "react";
import type { Model, Prediction, Reason } from "./api";
import { height, percent, words } from "./words";

export type Entry = { id: string; prediction: Prediction };

/** Who is to be called first: patients by falling risk. It lives in this page's memory and is gone when the page is. */
export function WorkList({ model, entries }: { model: Model; entries: Entry[] }) {
  const [tier, setTier] = useState<string>();
  const tiers = [...model.policy.tiers].reverse();
  const of = (name: string) => entries.filter((entry) => entry.prediction.risk_level === name).length;
  const shown = entries
    .filter((entry) => !tier || entry.prediction.risk_level === tier)
    .sort((a, b) => b.prediction.probability - a.prediction.probability);
  return (
    <section className="card list" aria-label="Work list">
      <header>
        <h2>Work list</h2>
        <div className="tiers" role="group" aria-label="Tiers">
          {tiers.map(({ name }) => (
            <button key={name} type="button" aria-pressed={tier === name} onClick={() => setTier(tier === name ? undefined : name)}>
              <Badge model={model} tier={name} /> {of(name)}
            </button>
          ))}
        </div>
      </header>
      {shown.length === 0 ? (
        <p className="empty">{entries.length === 0 ? "Patients stand here by falling risk, with what is to be done for them." : "Nobody is in this tier."}</p>
      ) : (
        <ol>
          {shown.map((entry) => (
            <Row key={entry.id} model={model} entry={entry} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Row({ model, entry: { id, prediction } }: { model: Model; entry: Entry }) {
  const reasons = (prediction.reasons ?? []).filter((reason) => Math.abs(reason.contribution) >= 0.05);
  const risk = percent(prediction.probability);
  return (
    <li data-patient={id}>
      <div className="line">
        <strong>{id}</strong>
        <Badge model={model} tier={prediction.risk_level} />
        <span className="risk" aria-label={`risk ${risk}`}>
          <span className="bar" aria-hidden>
            <span style={{ width: `${Math.max(prediction.probability * 100, 1)}%` }} />
            <i style={{ left: `${model.policy.threshold * 100}%` }} title="decision threshold" />
          </span>
          {risk}
        </span>
        <span className="do">{prediction.intervention ? words(prediction.intervention.replace(/([a-z])([A-Z])/g, "$1 $2")) : "–"}</span>
      </div>
      {reasons.length > 0 && (
        <ul className="reasons">
          {reasons.map((reason) => (
            <Why key={reason.feature} reason={reason} />
          ))}
        </ul>
      )}
      {prediction.imputed && prediction.imputed.length > 0 && (
        <p className="note">Not given, a usual value was taken: {prediction.imputed.map(words).join(", ")}</p>
      )}
    </li>
  );
}

function Why({ reason }: { reason: Reason }) {
  const isUp = reason.contribution > 0;
  const value = reason.value === null ? "not given" : String(reason.value);
  return (
    <li className={isUp ? "up" : "down"} title={reason.sentence}>
      {words(reason.feature)} <b>{value}</b> {isUp ? "▲" : "▼"} {Math.abs(reason.contribution).toFixed(1)} points
    </li>
  );
}

/** A tier by name, by colour and by how full its mark is, so that it is told apart in grey too. */
function Badge({ model, tier }: { model: Model; tier: string }) {
  const at = height(model, tier);
  const level = at === 0 ? "low" : at <= 0.5 ? "middle" : "high";
  return (
    <span className={`badge ${level}`}>
      <span aria-hidden>{"○◔◑◕●".charAt(Math.round(at * 4))}</span> {tier}
    </span>
  );
}
