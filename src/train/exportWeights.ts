/** The weights that a run kept, all networks in one file. */
import fs from "node:fs";
import path from "node:path";
import { decodeSafetensors, encodeSafetensors } from "../autograd/index.ts";
import { ShapeError, UsageError } from "../errors.ts";
import { FileError } from "./fileError.ts";
import { type Kept, keptIn } from "./loadAgent.ts";
import { readConfig } from "./readRun.ts";

/** What an agent's `save` writes into the metadata of its files. */
const format = "kusari-model-1";

/**
 * Every network of a run's agent as one safetensors file: tensors are named by network and place in it, as in
 * `model.layers.0.w`; the optimizer's statistics are left out. Neither agent nor device is needed.
 *
 * @param which `finish/` where the run has come to its end and `best/` otherwise, unless given
 * @throws UsageError when there are no such weights; FileError when one of their files is damaged
 */
export function exportWeights(runDirectory: string, which?: Kept): Uint8Array {
  const { agent, env, hyperparameters } = readConfig("export", runDirectory);
  const kept = keptIn("export", runDirectory, which);
  const folder = path.join(runDirectory, kept);
  const networks = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(".safetensors"))
    .sort()
    .flatMap((name) => {
      const { tensors, metadata } = read(path.join(folder, name));
      // an optimizer counts its updates
      if (metadata.format !== format || metadata.t !== undefined) return [];
      const network = name.slice(0, -".safetensors".length);
      return Object.entries(tensors).map(([place, tensor]) => [`${network}.${place}`, tensor] as const);
    });
  const score = fs.readFileSync(path.join(folder, "score.json"), "utf8");
  return encodeSafetensors(Object.fromEntries(networks), {
    format: "kusari-weights-1",
    agent,
    env,
    hyperparameters: JSON.stringify(hyperparameters),
    score: JSON.stringify(JSON.parse(score)),
  });
}

function read(file: string): ReturnType<typeof decodeSafetensors> {
  try {
    return decodeSafetensors(fs.readFileSync(file));
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ShapeError)) throw error;
    throw new FileError(`export: ${file} is of no use; ${error.message}`);
  }
}
