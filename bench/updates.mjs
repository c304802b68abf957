/**
 * Kusari, PyTorch and TensorFlow.js at the same work on one thread: microseconds of each and their ratios.
 *
 *   npm run build && npm --prefix bench/peers ci && node bench/updates.mjs [--rounds 15] [--only dqnUpdate,act]
 *
 * Engines take turns in short bursts, so that a machine whose speed drifts slows all of them alike, and a ratio is the
 * median of the ratios within rounds.
 */
import { parseArgs } from "node:util";
import { compare, kusari } from "./compare.mjs";
import { start } from "./peers/peer.mjs";

const gemm = (m, k = m, n = m) => ({ label: `gemm ${m}×${k}×${n}`, name: "gemm", options: { m, k, n } });
const dqnUpdate = (hidden, batch, double = false) => ({
  label: `${double ? "double dqn" : "dqnUpdate"} (${hidden}, ${batch})`,
  name: "dqnUpdate",
  options: { hidden, batch, double },
});
const ddpgUpdate = (hidden, batch) => ({
  label: `ddpgUpdate (${hidden}, ${batch})`,
  name: "ddpgUpdate",
  options: { hidden, batch },
  without: ["tfjs"],
});
const works = [
  dqnUpdate(64, 32),
  dqnUpdate(64, 128),
  dqnUpdate(128, 32),
  dqnUpdate(128, 128),
  dqnUpdate(64, 32, true),
  ddpgUpdate(64, 64),
  ddpgUpdate(300, 100),
  { label: "act hidden 64, batch 1", name: "act", options: { hidden: 64 } },
  ...[64, 128, 256, 512, 1024].map((n) => gemm(n)),
  gemm(32, 64, 64),
  gemm(128, 128, 64),
  { label: "quickstart, one env step", name: "quickstart", options: {} },
];
const names = [...new Set(works.map(({ name }) => name))];

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, only: { type: "string", default: names.join() } },
});
const rounds = Number(values.rounds);
const only = values.only.split(",");
const unknown = only.filter((name) => !names.includes(name));
if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  console.error(
    `updates: --only takes ${names.join()} and --rounds a count from 1; got ${values.only}, ${values.rounds}.`,
  );
  process.exit(2);
}

await compare(
  [await kusari("1 thread, relaxed SIMD"), await start("torch"), await start("tfjs")],
  works.filter(({ name }) => only.includes(name)),
  rounds,
);
