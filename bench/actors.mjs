/**
 * Steps a second of one actor, of two, and of two runs of one actor in processes of their own: what the machine gives to
 * programs that share nothing is the most that actors can gain.
 *
 *   npm run build && node bench/actors.mjs [--rows a3c,nsq,dqn,ddpg,dqn-lander] [--actors 2] [--steps 200000]
 *     [--rounds 3] [--cpu]
 *
 * They take turns. What is counted begins after the first quarter of the steps, when everything is compiled. With
 * --cpu steps are counted by the processor's time, all threads together: on a machine whose cores are busy with something
 * else the column `speed-up` says then what as many free cores as actors would give; of actors and a learner, only whether
 * handing steps over costs anything.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { train } from "../dist/index.js";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "a3c,nsq" },
    actors: { type: "string", default: "2" },
    steps: { type: "string", default: "200000" },
    rounds: { type: "string", default: "3" },
    cpu: { type: "boolean", default: false },
    // what a process of its own is started with
    alone: { type: "boolean", default: false },
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

const run = promisify(execFile);

/** Steps a second of so many runs of one actor at once, together. */
async function speedApart(row, processes) {
  const words = ["--alone", "--rows", row, "--steps", String(steps), ...(values.cpu ? ["--cpu"] : [])];
  const runs = Array.from({ length: processes }, () =>
    run(process.execPath, [fileURLToPath(import.meta.url), ...words]),
  );
  return (await Promise.all(runs)).reduce((sum, { stdout }) => sum + Number(stdout), 0);
}

if (values.alone) {
  console.log(await speedOf(values.rows, 1));
  process.exit();
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const unit = values.cpu ? "steps per second of processor time" : "steps per second";
console.log(`${unit}, median of ${values.rounds}`);
for (const row of values.rows.split(",")) {
  const rounds = [];
  for (let i = 0; i < Number(values.rounds); i++) {
    const one = await speedOf(row, 1);
    const all = await speedOf(row, several);
    const apart = await speedApart(row, several);
    rounds.push({ one, all, ratio: (values.cpu ? several : 1) * (all / one), apartRatio: apart / one });
  }
  const [one, all] = ["one", "all"].map((key) => Math.round(median(rounds.map((round) => round[key]))));
  const ratios = rounds.map(({ ratio }) => ratio);
  const range = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  const apart = median(rounds.map(({ apartRatio }) => apartRatio)).toFixed(2);
  console.log(
    `${row}: one actor ${one}, ${several} actors ${all}, speed-up ${median(ratios).toFixed(2)} (${range}); ${several} runs apart ${apart}`,
  );
}
