/** Layers with a memory, as they are named in a configuration. */
import { GRU, LSTM, type Recurrent } from "../autograd/index.ts";
import type { Random } from "../random.ts";

export const recurrentNames = ["none", "lstm", "gru"] as const;
export type RecurrentName = (typeof recurrentNames)[number];

/** A recurrent layer as wide as what it stands on, (batch, units) → (batch, units); null for none. */
export function recurrentLayer(name: RecurrentName, units: number, random: Random): Recurrent | null {
  if (name === "none") return null;
  return name === "lstm" ? new LSTM(units, units, { random }) : new GRU(units, units, { random });
}
