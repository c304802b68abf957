/** Engines at the same works in turns: microseconds of each, and their ratios within rounds. */
import { setFlagsFromString } from "node:v8";

const burst = 0.06; // seconds: long against a request's round trip, short against the machine's drift
const warmUp = 1; // seconds: compilers of JavaScript need hundreds of updates to settle

/** Kusari in this process, with relaxed SIMD as the command line has it. */
export async function kusari(details) {
  // must come before anything is compiled; newer versions of Node have it on
  if (Number.parseInt(process.versions.node, 10) < 21) setFlagsFromString("--experimental-wasm-relaxed-simd");
  const name = "kusari";
  try {
    const { work } = await import("./kusariWork.mjs");
    return { name, engine: "Kusari", details, available: true, work, close() {} };
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    return { name, available: false, reason: `${error.message}; run: npm run build` };
  }
}

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Seconds of one repetition. The quickstart counts its repetitions as environment steps. */
async function measure(engine, { name, options }, count) {
  const { seconds } = await engine.work(name, { ...options, [name === "quickstart" ? "steps" : "repeat"]: count });
  return seconds / count;
}

/** Warms the engine up and finds the count of repetitions that fills a burst. */
async function calibrate(engine, work) {
  let count = 1;
  let spent = 0;
  for (;;) {
    const each = await measure(engine, work, count);
    spent += each * count;
    count = Math.max(1, Math.min(Math.round(burst / each), 10 * count));
    if (spent > warmUp) return count;
  }
}

/**
 * Prints a table of the works, a column an engine; ratios are to the first engine that is available. `without` in a work
 * names engines that do not do it.
 */
export async function compare(engines, works, rounds) {
  for (const { name, engine, details, available, reason } of engines) {
    console.log(available ? `${name}: ${engine} (${details})` : `${name}: unavailable: ${reason}`);
  }
  const running = engines.filter(({ available }) => available);
  if (running.length === 0) process.exit(1);
  const [base, ...others] = running;

  const columns = (label, cells) => label.padEnd(28) + cells.map((cell) => cell.padStart(24)).join("");
  console.log(
    `\nmedian µs of each, and its ratio to ${base.name} in the same round: median (min–max of ${rounds} rounds)\n`,
  );
  console.log(
    columns("", [...running.map(({ name }) => `${name} µs`), ...others.map(({ name }) => `${name} / ${base.name}`)]),
  );
  try {
    for (const work of works) {
      const able = running.map(({ name }) => !work.without?.includes(name));
      const counts = [];
      for (const [i, engine] of running.entries()) counts.push(able[i] ? await calibrate(engine, work) : 0);
      const times = running.map(() => []);
      for (let round = 0; round < rounds; round++) {
        for (const [i, engine] of running.entries()) {
          if (able[i]) times[i].push(await measure(engine, work, counts[i]));
        }
      }
      const ratios = times.slice(1).map((time) => time.map((seconds, round) => seconds / times[0][round]));
      const spread = (ratio) =>
        ratio.length === 0
          ? "–"
          : `${median(ratio).toFixed(2)} (${Math.min(...ratio).toFixed(2)}–${Math.max(...ratio).toFixed(2)})`;
      const micros = (time) => (time.length === 0 ? "–" : (median(time) * 1e6).toFixed(2));
      console.log(columns(work.label, [...times.map(micros), ...ratios.map(spread)]));
    }
  } finally {
    for (const engine of running) engine.close();
  }
}
