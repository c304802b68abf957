/**
 * DQN with its defaults on one of the five AtariLite games, with several seeds, and a picture of how it learned.
 *
 *   npm run build && npx jiti examples/atari-lite/trainDqn.ts [game] [steps] [seeds]
 *   deno run -A examples/atari-lite/trainDqn.ts [game] [steps] [seeds]
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { train } from "kusari";
import { type Curve, curveSvg } from "./curve.ts";

const game = process.argv[2] ?? "Breakout";
const steps = Number(process.argv[3] ?? 300_000);
const seeds = Number(process.argv[4] ?? 3);

/** The evaluations in a run's metrics. */
function readCurve(name: string, runDirectory: string): Curve {
  const lines = readFileSync(`${runDirectory}/metrics.ndjson`, "utf8").trim().split("\n");
  const events = lines.map((line) => JSON.parse(line) as { event: string; step: number; evaluation: { mean: number } });
  const evaluations = events.filter(({ event }) => event === "evaluation");
  return { name, points: evaluations.map(({ step, evaluation }) => [step, evaluation.mean]) };
}

const curves: Curve[] = [];
for (let seed = 0; seed < seeds; seed++) {
  const result = await train({
    agent: "dqn",
    env: game,
    steps,
    seed,
    evalInterval: Math.ceil(steps / 30),
  });
  const { runDirectory, evaluation } = result;
  console.log(
    `${game}, seed ${seed}: ${result.outcome}, mean return ${evaluation?.mean} over 100 episodes, ${runDirectory}`,
  );
  curves.push(readCurve(`seed ${seed}`, runDirectory!));
}

mkdirSync("runs", { recursive: true });
const file = `runs/atari-lite-${game}.svg`;
writeFileSync(file, curveSvg(`DQN on ${game}: mean return of 10 greedy episodes`, curves));
console.log(`the curve is in ${file}`);
