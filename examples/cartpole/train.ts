/**
 * CartPole in one call: `train` evaluates, keeps the best agent, stops when the task is solved, and writes a run
 * directory that can be resumed.
 *
 *   npm run build && npx jiti examples/cartpole/train.ts [steps]
 *   deno run -A examples/cartpole/train.ts [steps]
 */
import process from "node:process";
import { train } from "kusari";

const run = train({
  agent: "doubledqn",
  env: "CartPole-v1",
  steps: Number(process.argv[2] ?? 100_000),
  seed: 0,
});

for await (const event of run) {
  if (event.event === "evaluation") {
    const { mean, min, max } = event.evaluation;
    console.log(
      `step ${event.step}: mean return ${mean.toFixed(1)} (${min} … ${max})${event.best ? ", best so far" : ""}`,
    );
  }
}

const result = await run;
console.log(
  `${result.outcome} after ${result.steps} steps: mean return ${result.evaluation?.mean.toFixed(1)} over 100 episodes`,
);
console.log(`saved in ${result.runDirectory}`);
