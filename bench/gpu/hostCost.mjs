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
for (let i = 0; i < counted; i++) {
  agent.update();
  await device.turn();
}
const perUpdate = dispatches / counted;
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
    for (let k = 0; k < perUpdate; k++) {
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
const perDispatch = (t) => (median(t) / perUpdate).toFixed(2);
console.log(`${perUpdate} dispatches in ${submitsPerUpdate} submissions an update, replay and engine included`);
console.log(`Kusari  ${median(times.kusari).toFixed(1)} µs an update, ${perDispatch(times.kusari)} µs a dispatch`);
console.log(`naive   ${median(times.naive).toFixed(1)} µs, ${perDispatch(times.naive)} µs a dispatch`);
console.log(
  `ratio   ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
);
process.exit(0);
