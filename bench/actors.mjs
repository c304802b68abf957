/**
 * Steps a second of one actor and of two.
 *
 *   npm run build && node bench/actors.mjs [--rows a3c,nsq,dqn,ddpg,dqn-lander] [--actors 2] [--steps 200000]
 *     [--rounds 3] [--cpu]
 *
 * The two take turns. What is counted begins after the first quarter of the steps, when everything is compiled. With
 * --cpu steps are counted by the processor's time, all threads together: on a machine whose cores are busy with something
 * else the column `speed-up` says then what as many free cores as actors would give; of actors and a learner, only whether
 * handing steps over costs anything.
 */
import { parseArgs } from "node:util";
import { train } from "../dist/index.js";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "a3c,nsq" },
    actors: { type: "string", default: "2" },
    steps: { type: "string", default: "200000" },
    rounds: { type: "string", default: "3" },
    cpu: { type: "boolean", default: false },
  },
});
const rows = {
  a3c: { agent: "a3c", env: "CartPole-v1" },
  nsq: { agent: "nsq", env: "CartPole-v1" },
  dqn: { agent: "dqn", env: "CartPole-v1" },
  ddpg: { agent: "ddpg", env: "Pendulum-v1" },
  // learning takes a share of the time here, the environment the rest
  "dqn-lander": { agent: "dqn", env: "LunarLander-v3", hyperparameters: { updateInterval: 16 } },
};
const several = Number(values.actors);
const steps = Number(values.steps);

function seconds() {
  if (!values.cpu) return performance.now() / 1_000;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Steps a second behind the first quarter. */
async function speedOf(row, actors) {
  const settings = { steps, actors, evalInterval: 10 * steps, reportInterval: steps / 40, finalEpisodes: 1 };
  let first = null;
  let last = null;
  for await (const event of train({ ...rows[row], stopAt: null, out: null, ...settings })) {
    if (event.event !== "progress" || event.step < steps / 4) continue;
    last = { step: event.step, seconds: seconds() };
    first ??= last;
  }
  return (last.step - first.step) / (last.seconds - first.seconds);
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const unit = values.cpu ? "steps per second of processor time" : "steps per second";
console.log(`${unit}, median of ${values.rounds}`);
for (const row of values.rows.split(",")) {
  const rounds = [];
  for (let i = 0; i < Number(values.rounds); i++) {
    const one = await speedOf(row, 1);
    const all = await speedOf(row, several);
    rounds.push({ one, all, ratio: (values.cpu ? several : 1) * (all / one) });
  }
  const [one, all] = ["one", "all"].map((key) => Math.round(median(rounds.map((round) => round[key]))));
  const ratios = rounds.map(({ ratio }) => ratio);
  const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  console.log(`${row}: one actor ${one}, ${several} actors ${all}, speed-up ${median(ratios).toFixed(2)} (${range})`);
}
