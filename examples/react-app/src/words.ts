import type { Feature, Model } from "./api";

/** A feature's name as people read it. */
export const words = (name: string) => name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase());

/** A risk as people read it: nobody's is none, nobody's is certain. */
export function percent(risk: number): string {
  const shown = Math.round(risk * 100);
  if (shown < 1) return "below 1 %";
  return shown > 99 ? "above 99 %" : `${shown} %`;
}

/** How high a tier is, 0 for the lowest, 1 for the highest. */
export function height(model: Model, tier: string): number {
  const tiers = model.policy.tiers;
  const at = tiers.findIndex((one) => one.name === tier);
  return tiers.length > 1 ? Math.max(at, 0) / (tiers.length - 1) : 1;
}

/** What may be entered, in words. */
export function bounds({ type, min, max }: Feature): string {
  const whole = type === "Integer" ? "whole number" : "number";
  if (min != null && max != null) return `${whole}, ${min} to ${max}`;
  if (min != null) return `${whole}, at least ${min}`;
  return max != null ? `${whole}, at most ${max}` : whole;
}
