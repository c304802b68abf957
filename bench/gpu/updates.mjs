/**
 * What the adapter that is there can do: products beside its own peak, updates of three networks a second, the cost of a
 * launch and of a read; beside it PyTorch with CUDA, eager and as a CUDA graph, where python3 has it.
 *
 *   npm run bench:gpu -- [--seconds 2] [--only mlp,minatar,nature] [--batches 32,512] [--products 256,1024] [--python python3]
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { autograd, MinAtarHead, Mlp, NatureDQNHead, openDevice, Random } from "../../dist/index.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    only: { type: "string", default: "mlp,minatar,nature" },
    batches: { type: "string", default: "32,512" },
    products: { type: "string", default: "256,1024,4096" },
    python: { type: "string", default: "python3" },
  },
});
const seconds = Number(values.seconds);
const list = (text) => text.split(",").filter(Boolean);
const networks = list(values.only);
const batches = list(values.batches).map(Number);

const { Adam, defineOp, huberLoss, Linear, matmul, max, mean, noBackprop, persistent, scope, selectItem, Sequential } =
  autograd;
const device = await openDevice("gpu");
console.log(`adapter: ${device.adapter.description || device.variant} (${device.variant})\n`);

/** Seconds of one call; many are queued, a few at a time. The programs that repeat are compiled in the first seconds. */
async function timed(body, result) {
  const run = async (count) => {
    const began = performance.now();
    for (let i = 0; i < count; i++) {
      body(i);
      if (i % 8 === 7) await device.turn();
    }
    await result.read();
    return (performance.now() - began) / 1_000 / count;
  };
  let each = await run(1);
  const warm = performance.now() + 1_000 * seconds;
  do each = await run(Math.max(1, Math.min(200, Math.ceil(0.2 / each))));
  while (performance.now() < warm);
  const count = Math.max(1, Math.ceil(seconds / 3 / each));
  const times = [await run(count), await run(count), await run(count)];
  return times.sort((a, b) => a - b)[1];
}

// x ← x · x + 1/4 stays finite and needs its own result: nothing but multiply-adds
const chain = 256;
const busy = defineOp({
  name: "busy",
  inputs: ["x"],
  forward: ({ x }) => {
    let y = x;
    for (let i = 0; i < chain; i++) y = y.mul(y).add(0.2);
    return y;
  },
  sample: { x: [4] },
  hasNoGradient: true,
});
const many = persistent([1 << 20]);
const peak = (2 * chain * many.size) / (await timed(() => scope(() => noBackprop(() => void busy(many))), many)) / 1e9;
console.log(`multiply-adds of one kernel: ${peak.toFixed(0)} GFLOP/s, the adapter's peak as WGSL sees it`);
for (const n of list(values.products).map(Number)) {
  const [a, b] = [persistent([n, n]), persistent([n, n])];
  const each = await timed(() => scope(() => noBackprop(() => void matmul(a, b))), a);
  const gigaflops = (2 * n ** 3) / each / 1e9;
  console.log(`product of ${n}: ${gigaflops.toFixed(1)} GFLOP/s, ${((100 * gigaflops) / peak).toFixed(1)}% of it`);
}
const small = persistent([64]);
const launch = await timed(() => scope(() => noBackprop(() => void small.add(1))), small);
console.log(`a launch: ${(launch * 1e6).toFixed(2)} µs`);
const began = performance.now();
for (let i = 0; i < 100; i++) await small.read();
console.log(`a read of one number: ${((performance.now() - began) * 10).toFixed(1)} µs\n`);

/** A q-function of six actions, its target network, and a minibatch on the device. */
function learner(network, batch) {
  const random = new Random(0);
  const obsShape = { mlp: [8], minatar: [4, 10, 10], nature: [4, 84, 84] }[network];
  const make = () => {
    if (network === "mlp") return new Mlp(8, 6, { hiddenSizes: [256, 256], random });
    const options = { random, obsShape, channelsLast: false };
    const head = network === "minatar" ? new MinAtarHead(options) : new NatureDQNHead(options);
    return new Sequential(head, new Linear(head.outSize, 6, { random }));
  };
  const filled = (shape, draw) => {
    const x = persistent(shape);
    x.write(Float32Array.from({ length: x.size }, draw));
    return x;
  };
  const obs = filled([batch, ...obsShape], () => random.uniform(0, 1));
  const nextObs = filled([batch, ...obsShape], () => random.uniform(0, 1));
  const action = filled([batch], () => random.integer(6));
  const reward = filled([batch], () => random.normal());
  const discount = filled([batch], () => (random.uniform(0, 1) < 0.05 ? 0 : 0.99));
  const [online, target] = [make(), make()];
  target.copyParametersFrom(online);
  const optimizer = new Adam({ alpha: 1e-4 }).setup(online);
  const targetBody = () => reward.add(discount.mul(max(target.forward(nextObs), 1)));
  const body = () => {
    const y = noBackprop(targetBody);
    const q = selectItem(online.forward(obs), action);
    online.clearGrads();
    mean(huberLoss(q, y, 1)).backward();
    optimizer.update();
  };
  return { update: () => scope(body), parameter: online.parameters()[0] };
}

const rows = [];
for (const network of networks) {
  for (const batch of batches) {
    const { update, parameter } = learner(network, batch);
    rows.push({ network, batch, kusari: 1 / (await timed(update, parameter)) });
  }
}

const script = fileURLToPath(new URL("torchCuda.py", import.meta.url));
const args = [script, "--seconds", values.seconds, "--networks", values.only, "--batches", values.batches];
const { stdout, stderr, error } = spawnSync(values.python, args, { encoding: "utf8", maxBuffer: 1 << 24 });
const lines = (stdout ?? "").trim().split("\n");
let torch = { available: false, reason: error?.message ?? stderr?.trim().split("\n").at(-1) };
try {
  torch = JSON.parse(lines.at(-1));
} catch {}
console.log(torch.available ? `PyTorch ${torch.version} on ${torch.device}` : `PyTorch with CUDA: ${torch.reason}`);
const found = (network, batch) => torch.rows?.find((row) => row.network === network && row.batch === batch);
const text = (rate) => (rate === undefined ? "–" : rate.toFixed(0)).padStart(10);
console.log(`\n${"updates/s".padEnd(24)}${["Kusari", "eager", "graph"].map((name) => name.padStart(10)).join("")}`);
for (const { network, batch, kusari } of rows) {
  const { eager, graph } = found(network, batch) ?? {};
  console.log(`${`${network}, batch ${batch}`.padEnd(24)}${[kusari, eager, graph].map(text).join("")}`);
}
process.exit(0);
