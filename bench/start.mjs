/**
 * What `rl` takes before it does anything: milliseconds from start to exit of `rl --help` and of a command's help, in turns
 * with bare Node; medians, and the median difference within a round. Beside them the mean processor time (Linux), which
 * other load touches less.
 *
 *   npm run build && node bench/start.mjs [--rounds 31]
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "31" } } });
const rounds = Number(values.rounds);
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const ways = [
  ["node -e 0", ["-e", "0"]],
  ["rl --help", [main, "--help"]],
  ["rl train --agent dqn --help", [main, "train", "--agent", "dqn", "--help"]],
].map(([name, words]) => ({ name, words, times: [], cpu: 0 }));

/** Processor milliseconds of all children that have ended; NaN where the system does not tell. */
function childrenCpu() {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
    return 10 * (Number(fields[13]) + Number(fields[14]));
  } catch {
    return Number.NaN;
  }
}

function start(way) {
  const before = childrenCpu();
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, way.words, { stdio: "ignore" });
  way.times.push(performance.now() - begun);
  way.cpu += childrenCpu() - before;
  if (status !== 0) throw new Error(`${way.name} ended with ${status}`);
}

// files are in the system's cache then
for (const way of ways) spawnSync(process.execPath, way.words, { stdio: "ignore" });
for (let round = 0; round < rounds; round++) for (const way of ways) start(way);

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const [bare] = ways;
for (const { name, times, cpu } of ways) {
  const more = median(times.map((time, round) => time - bare.times[round]));
  const beside = times === bare.times ? "" : `, ${Math.round(more)} ms more`;
  const busy = `processor ${Math.round(cpu / rounds)} ms${beside && `, ${Math.round((cpu - bare.cpu) / rounds)} ms more`}`;
  console.log(`${name.padEnd(28)} ${String(Math.round(median(times))).padStart(4)} ms${beside}; ${busy}`);
}
