// What is asked of the back end. Types are those of the service's own document.
import type { components } from "./service";

export type Model = components["schemas"]["Model"];
export type Feature = components["schemas"]["Feature"];
export type Prediction = components["schemas"]["Prediction"];
export type Reason = components["schemas"]["Reason"];
type Problem = components["schemas"]["Problem"];

/** A patient as the form has it: a field that is left empty is left out. */
export type Patient = { patient_id: string } & Record<string, string | number>;

/** A refusal: a sentence, and what is wrong with each field. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly fields: Record<string, string>,
  ) {
    super(message);
  }
}

export const loadModel = () => ask<Model>("/api/model");

export const predict = (patient: Patient) =>
  ask<Prediction>("/api/predict", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(patient),
  });

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new Refusal("The back end cannot be reached. Nothing was saved; try again.", {});
  }
  const said: unknown = await answer.json().catch(() => undefined);
  if (answer.ok && said !== undefined) return said as T;
  const problem = (said ?? {}) as Partial<Problem>;
  const fields = Object.fromEntries((problem.errors ?? []).map((error) => [error.field, error.problem]));
  const wait = answer.headers.get("retry-after");
  const later = wait ? ` Try again in ${wait} s.` : "";
  throw new Refusal((problem.detail || `The service refused (${answer.status}).`) + later, fields);
}
