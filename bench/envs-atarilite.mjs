/**
 * How many steps a second do the AtariLite games play, on one thread, through `make` and its wrappers?
 * Run after `npm run build`: node bench/envs-atarilite.mjs
 */
import { make } from "../dist/envs/node.js";

/** Steps a second under actions drawn beforehand, resets included. */
function measure(id, kwargs, steps) {
  const env = make(id, kwargs);
  env.actionSpace.seed(1);
  const actions = Uint8Array.from({ length: 4096 }, () => env.actionSpace.sample());
  env.reset({ seed: 1 });
  const began = performance.now();
  for (let i = 0; i < steps; i++) {
    const result = env.step(actions[i & 4095]);
    if (result[2] || result[3]) env.reset();
  }
  return (steps * 1_000) / (performance.now() - began);
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const millions = (id, kwargs) => {
  measure(id, kwargs, 200_000);
  return (median(Array.from({ length: 5 }, () => measure(id, kwargs, 500_000))) / 1e6).toFixed(2);
};

console.log("M steps/s        fresh observations   reuseObs");
for (const game of ["Asterix", "Breakout", "Freeway", "Seaquest", "SpaceInvaders"]) {
  const id = `AtariLite/${game}-v1`;
  console.log(`${game.padEnd(16)} ${millions(id, {}).padStart(18)} ${millions(id, { reuseObs: true }).padStart(10)}`);
}
