/**
 * Runs the README's command for many seeds, each as a process of its own, and prints how many end solved.
 *
 *   npm run build && node bench/seeds.mjs --seeds 20 [--agent dqn] [--env CartPole] [--npx]
 *
 * With --npx the time includes npx, as when the README's command is typed; its first start takes a second longer.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    from: { type: "string", default: "0" },
    agent: { type: "string", default: "dqn" },
    env: { type: "string", default: "CartPole" },
    npx: { type: "boolean", default: false },
  },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const [program, ...before] = values.npx ? ["npx", "rl"] : [process.execPath, join(root, "dist/cli/main.js")];
const folder = mkdtempSync(join(tmpdir(), "kusari-seeds-"));
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const rows = [];
try {
  for (let seed = Number(values.from); rows.length < Number(values.seeds); seed++) {
    const began = performance.now();
    const args = ["train", "--agent", values.agent, "--env", values.env, "--seed", String(seed)];
    const words = [...before, ...args, "--json", "--out", join(folder, `${seed}`)];
    const { stdout, status, stderr } = spawnSync(program, words, { encoding: "utf8", cwd: root });
    const seconds = (performance.now() - began) / 1000;
    if (status !== 0) throw new Error(`seed ${seed}: exit ${status}: ${stderr}`);
    const result = JSON.parse(stdout.trimEnd().split("\n").at(-1));
    rows.push({ seed, seconds, steps: result.steps, mean: result.evaluation.mean, min: result.evaluation.min });
    const { steps, mean, min } = rows.at(-1);
    console.log(`seed ${seed}: mean ${mean.toFixed(1)} (min ${min}) after ${steps} steps, ${seconds.toFixed(2)} s`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const solved = rows.filter(({ mean }) => mean >= 475).length;
const times = rows.map(({ seconds }) => seconds);
console.log(
  `solved (mean ≥ 475 over 100 greedy episodes): ${solved} of ${rows.length}; ` +
    `seconds from start to exit: median ${median(times).toFixed(2)}, max ${Math.max(...times).toFixed(2)}; ` +
    `steps: median ${median(rows.map(({ steps }) => steps))}`,
);
