/**
 * What the host pays for a Double DQN update on WebGPU, on Dawn's null backend, which runs nothing: Kusari's tape beside
 * the naive way (an encoder, a bind group, a pass and a submission for each kernel).
 *
 *   npm run build && node bench/gpu/hostCost.mjs [--rounds 15] [--updates 200]
 */
import { parseArgs } from "node:util";
import { DoubleDQN, openDevice, Random } from "../../dist/index.js";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, updates: { type: "string", default: "200" } },
});
const rounds = Number(values.rounds);
const updates = Number(values.updates);

const device = await openDevice("gpu", { dawn: ["backend=null"] });
const random = new Random(0);
const spaces = { observationSpace: { shape: [4] }, actionSpace: { n: 2 } };
const agent = new DoubleDQN({ ...spaces, replayStartSize: 1_000, updateInterval: 1_000_000, random });
const obs = () => Float32Array.from({ length: 4 }, () => random.normal());
for (let i = 0; i < 1_000; i++) {
  agent.act(obs());
  agent.observe(obs(), random.normal(), i % 20 === 19, false);
}

/** Kernels that an update launches, before they are fused: as many dispatches as the naive way has. */
let kernels = 0;
// every dispatch and submission of the update, counted where they are made
let dispatches = 0;
let submits = 0;
const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
const { submit } = GPUQueue.prototype;
GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...args) {
  dispatches++;
  return dispatchWorkgroups.apply(this, args);
};
GPUQueue.prototype.submit = function (...args) {
  submits++;
  return submit.apply(this, args);
};
const counted = 10;
async function count() {
  dispatches = 0;
  submits = 0;
  for (let i = 0; i < counted; i++) {
    agent.update();
    await device.turn();
  }
  return dispatches / counted;
}
await count();
kernels = await count();
// programs that keep coming are compiled in the background
while ((await count()) > kernels / 2) await new Promise((resolve) => setTimeout(resolve, 20));
for (let i = 0; i < 30; i++) {
  await count();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
const perUpdate = await count();
const submitsPerUpdate = submits / counted;
GPUComputePassEncoder.prototype.dispatchWorkgroups = dispatchWorkgroups;
GPUQueue.prototype.submit = submit;

/** µs an update, its work handed over. */
async function kusari() {
  const began = performance.now();
  for (let i = 0; i < updates; i++) {
    agent.update();
    if (i % 10 === 9) await device.turn();
  }
  return ((performance.now() - began) * 1_000) / updates;
}

const { create, globals } = await import("webgpu");
Object.assign(globalThis, globals);
const gpu = create(["backend=null"]);
const naiveDevice = await (await gpu.requestAdapter()).requestDevice();
const module = naiveDevice.createShaderModule({
  code: `struct Launch { n: u32 }
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    @group(0) @binding(1) var<storage, read_write> y: array<f32>;
    @group(0) @binding(2) var<uniform> launch: Launch;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
      if (id.x < launch.n) { y[id.x] = x[id.x]; }
    }`,
});
const pipeline = naiveDevice.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
const [x, y] = [0, 1].map(() => naiveDevice.createBuffer({ size: 65_536, usage }));
const uniform = naiveDevice.createBuffer({ size: 256, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
const numbers = new Uint32Array(64);

/** µs for as many dispatches, each by itself. */
async function naive() {
  const { queue } = naiveDevice;
  const began = performance.now();
  for (let i = 0; i < updates; i++) {
    for (let k = 0; k < kernels; k++) {
      numbers[0] = k;
      queue.writeBuffer(uniform, 0, numbers);
      const entries = [x, y, uniform].map((buffer, binding) => ({ binding, resource: { buffer } }));
      const group = naiveDevice.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      const encoder = naiveDevice.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(8);
      pass.end();
      queue.submit([encoder.finish()]);
    }
    if (i % 10 === 9) await queue.onSubmittedWorkDone();
  }
  return ((performance.now() - began) * 1_000) / updates;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
await kusari();
await naive();
const times = { kusari: [], naive: [] };
for (let round = 0; round < rounds; round++) {
  times.kusari.push(await kusari());
  times.naive.push(await naive());
}
const ratios = times.naive.map((t, i) => t / times.kusari[i]);
const least = (list) => Math.min(...list);
const row = (name, times, count) => {
  const part = (t) =>
    `${t.toFixed(1)} µs an update, ${(t / kernels).toFixed(2)} a kernel, ${(t / count).toFixed(2)} a dispatch`;
  console.log(`${name}\n  median ${part(median(times))}\n  least  ${part(least(times))}`);
};
console.log(`${kernels} kernels an update; Kusari ${perUpdate} dispatches in ${submitsPerUpdate} submissions`);
row("Kusari (replay and engine included)", times.kusari, perUpdate);
row("naive (a submission a kernel)", times.naive, kernels);
console.log(`ratio ${median(ratios).toFixed(1)} (${least(ratios).toFixed(1)}–${Math.max(...ratios).toFixed(1)})`);
console.log(
  `ratio of the least times, which other work of the machine disturbs least: ${(least(times.naive) / least(times.kusari)).toFixed(1)}`,
);
process.exit(0);
