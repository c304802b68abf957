/** Opens the device that kernels run on; the only file that knows which backends there are. */
import { createCpuBackend } from "./cpu/cpuBackend.ts";
import { adoptKernelModules, type KernelModules, kernelModules } from "./cpu/kernelModules.ts";
import {
  type DeviceProfile,
  keepTiles,
  knownProfile,
  measureProfile,
  predictedMicroseconds,
  profileFile,
} from "./deviceProfile.ts";
import { DeviceError, nearest, UsageError } from "./errors.ts";
import type { GpuBackend } from "./gpu/gpuBackend.ts";
import type { TunedShape } from "./gpu/tiles.ts";
import {
  type AdapterInfo,
  type Backend,
  backend as runningBackend,
  setDefaultBackend,
  useBackend,
} from "./kernel/backend.ts";
import { createNullBackend } from "./kernel/nullBackend.ts";
import { createReferenceBackend } from "./kernel/reference.ts";

export { adoptKernelModules, type DeviceProfile, type KernelModules, kernelModules, profileFile, type TunedShape };

export const deviceNames = ["auto", "cpu", "gpu", "reference", "null"] as const;
export type DeviceName = (typeof deviceNames)[number];

export interface Device {
  readonly name: string;
  /** Which variant of the kernels runs: results may differ in the last bit between variants. */
  readonly variant: string;
  /** What a GPU says of itself; null for other devices. */
  readonly adapter: AdapterInfo | null;
  /** Why "auto" took this one; null where it was named. */
  readonly reason: string | null;
  /** Sends what waits to be run, and waits where too much is under way. Call it now and then in a loop of your own. */
  turn(): Promise<void>;
  /** Makes all numbers readable at once (`item()`, `toArray()`) until the next operation; on the cpu they always are. */
  sync(): Promise<void>;
}

const opened = new Map<string, Backend>();
/** By Dawn's switches. */
const openedGpus = new Map<string, GpuBackend>();

/** The backends that are there at once. */
const makers = { cpu: () => createCpuBackend(), reference: createReferenceBackend, null: createNullBackend } as const;

function backendFor(name: keyof typeof makers): Backend {
  let found = opened.get(name);
  if (!found) {
    found = makers[name]();
    opened.set(name, found);
  }
  return found;
}

async function gpuBackend(dawn: readonly string[]): Promise<GpuBackend> {
  const key = dawn.join(" ");
  let found = openedGpus.get(key);
  // one that was lost is of no use any more
  if (!found?.isFine) {
    // a page that learns on the cpu never loads it
    const { createGpuBackend } = await import("./gpu/gpuBackend.ts");
    found = await createGpuBackend(dawn);
    openedGpus.set(key, found);
    const { tiles } = knownProfile(found) ?? {};
    if (tiles) found.useTiles(tiles);
  }
  return found;
}

export interface DeviceOptions {
  /** For "auto": floating-point operations of an update, about; few unless given. */
  readonly work?: number;
  /** For "gpu" through the package webgpu: Dawn's switches, such as `backend=null`, which checks everything and runs nothing. */
  readonly dawn?: readonly string[];
}

/** An update that takes the cpu less than this is never worth a GPU, whose launches alone take as long. */
const tinyMicroseconds = 150;
/** A cpu's GFLOP/s where none were measured yet; a core has 30 to 45 in WebAssembly. */
const usualGigaflops = 35;

const round = (x: number): number => Number(x.toPrecision(2));
const duration = (microseconds: number): string =>
  microseconds < 1_000 ? `${round(microseconds)} µs` : `${round(microseconds / 1_000)} ms`;

/** The faster of cpu and GPU for updates of so much work, and why. */
async function choose(work: number, dawn: readonly string[]): Promise<{ backend: Backend; reason: string }> {
  const cpu = backendFor("cpu");
  const update = `an update of ${round(work / 1e6)} MFLOP`;
  if (work / usualGigaflops / 1e3 < tinyMicroseconds) {
    return { backend: cpu, reason: `cpu: ${update} is too small for any GPU` };
  }
  let gpu: GpuBackend;
  try {
    gpu = await gpuBackend(dawn);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    // what to do about it is the affair of who wants a GPU
    const [what] = error.message.replace(/^gpu: /, "").split(". ");
    return { backend: cpu, reason: `cpu: no GPU can be used here (${what})` };
  }
  // one after the other: each wants the machine to itself
  const cpuProfile = knownProfile(cpu) ?? (await measureProfile(cpu));
  const gpuProfile = knownProfile(gpu) ?? (await measureProfile(gpu));
  const onCpu = predictedMicroseconds(cpuProfile, work);
  const onGpu = predictedMicroseconds(gpuProfile, work);
  const times = `${update} would take ${duration(onGpu)} on the gpu (${gpu.variant}), ${duration(onCpu)} on the cpu`;
  return onGpu < onCpu ? { backend: gpu, reason: `gpu: ${times}` } : { backend: cpu, reason: `cpu: ${times}` };
}

/**
 * Makes a device the one that operations of this thread run on. Variables made on another device can not be used until
 * it is opened again.
 *
 * @param name "cpu": WebAssembly SIMD; "gpu": WebGPU, where agents learn while a copy of their network acts on the cpu;
 *   "reference": float64 in plain JavaScript, slow, to check results with; "null": runs nothing; "auto": cpu or gpu,
 *   whichever should be faster for updates of `work` floating-point operations, by what was measured of both
 * @throws DeviceError where there is no such device
 */
export async function openDevice(
  name: DeviceName = "auto",
  { dawn = [], work = 0 }: DeviceOptions = {},
): Promise<Device> {
  if (!deviceNames.includes(name)) {
    const near = nearest(String(name), deviceNames);
    throw new UsageError(
      `device: the name must be one of ${deviceNames.join(", ")}; got ${name}.${near ? ` Did you mean ${near}?` : ""}`,
    );
  }
  let backend: Backend;
  let reason: string | null = null;
  if (name === "auto") ({ backend, reason } = await choose(work, dawn));
  else backend = name === "gpu" ? await gpuBackend(dawn) : backendFor(name);
  useBackend(backend);
  const { variant, adapter, memory } = backend;
  return { name: backend.name, variant, adapter, reason, turn: () => backend.turn(), sync: () => memory.sync() };
}

/** What was measured of cpu and gpu here, measured anew; the failure where there is no such device. */
export async function profileDevice(name: "cpu" | "gpu"): Promise<DeviceProfile> {
  return measureProfile(name === "cpu" ? backendFor("cpu") : await gpuBackend([]));
}

/**
 * Measures which tile is the fastest for products of which shape on the GPU, and remembers it for all processes.
 * @throws DeviceError where there is no GPU
 */
export async function tuneDevice(
  onShape: (tuned: TunedShape, done: number, total: number) => void = () => {},
): Promise<void> {
  const backend = await gpuBackend([]);
  await keepTiles(backend, await backend.tune(onShape));
}

/** Floating-point operations that the matrix products of `body` take; nothing is computed. */
export function countWork(body: () => void): number {
  const before = runningBackend();
  const counting = createNullBackend();
  useBackend(counting);
  try {
    body();
  } finally {
    useBackend(before);
  }
  return 2 * counting.multiplyAdds;
}

/** Whether the numbers of the device that runs can be read at once. */
export const isOnHost = (): boolean => runningBackend().memory.isOnHost;

/** Makes the running device's numbers readable at once until its next operation. */
export const syncDevice = (): Promise<void> => runningBackend().memory.sync();

/** Sends what the running device has waiting, and waits where too much is under way. */
export const deviceTurn = (): Promise<void> => runningBackend().turn();

/** Runs `body` on the cpu where the running device's numbers cannot be read at once: acting, beside a learner on a GPU. */
export function onHost<T>(body: () => T): T {
  const before = runningBackend();
  if (before.memory.isOnHost) return body();
  useBackend(backendFor("cpu"));
  try {
    return body();
  } finally {
    useBackend(before);
  }
}

setDefaultBackend(() => backendFor("cpu"));
