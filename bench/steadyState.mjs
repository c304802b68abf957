/**
 * What a long training leaves behind: heap, arena and WebAssembly memory over 100,000 updates of the quickstart
 * workload, and how many typed arrays were made.
 *
 *   npm run build && node --expose-gc bench/steadyState.mjs
 */
import { autograd, DoubleDQN, make, Random } from "../dist/index.js";

const updates = Number(process.argv[2] ?? 100_000);

// every typed array that JavaScript makes is counted; what V8 makes inside its own functions is not seen by this
let typedArrays = 0;
for (const name of ["Float32Array", "Float64Array", "Int32Array", "Uint32Array", "Uint8Array"]) {
  globalThis[name] = new Proxy(globalThis[name], {
    construct(target, args, newTarget) {
      typedArrays++;
      return Reflect.construct(target, args, newTarget === globalThis[name] ? target : newTarget);
    },
  });
}

const env = make("CartPole-v1", { reuseObs: true });
const agent = new DoubleDQN({
  observationSpace: env.observationSpace,
  actionSpace: env.actionSpace,
  replayCapacity: 10_000,
  replayStartSize: 500,
  random: new Random(0),
});
let [obs] = env.reset({ seed: 0 });
const step = () => {
  const [next, reward, terminated, truncated] = env.step(agent.act(obs));
  agent.observe(next, reward, terminated, truncated);
  obs = terminated || truncated ? env.reset()[0] : next;
};

console.log("updates   typed arrays   heap MB   arena KB   process MB");
let next = 1_000;
while (agent.updates <= updates) {
  step();
  if (agent.updates < next) continue;
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const columns = [
    String(agent.updates).padStart(7),
    String(typedArrays).padStart(14),
    (heapUsed / 2 ** 20).toFixed(2).padStart(9),
    (autograd.arenaBytes() / 1024).toFixed(0).padStart(10),
    (rss / 2 ** 20).toFixed(0).padStart(12),
  ];
  console.log(columns.join(" "));
  next = next < 10_000 ? 10_000 : next + Math.max(10_000, updates / 10);
  typedArrays = 0;
}
