/** Opens the device that kernels run on; the only file that knows which backends there are. */
import { createCpuBackend } from "./cpu/cpuBackend.ts";
import { nearest, UsageError } from "./errors.ts";
import { createGpuBackend, type GpuBackend } from "./gpu/gpuBackend.ts";
import {
  type AdapterInfo,
  type Backend,
  backend as runningBackend,
  setDefaultBackend,
  useBackend,
} from "./kernel/backend.ts";
import { createNullBackend } from "./kernel/nullBackend.ts";
import { createReferenceBackend } from "./kernel/reference.ts";

export const deviceNames = ["auto", "cpu", "gpu", "reference", "null"] as const;
export type DeviceName = (typeof deviceNames)[number];

export interface Device {
  readonly name: string;
  /** Which variant of the kernels runs: results may differ in the last bit between variants. */
  readonly variant: string;
  /** What a GPU says of itself; null for other devices. */
  readonly adapter: AdapterInfo | null;
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

async function gpuBackend(dawn: readonly string[]): Promise<Backend> {
  const key = dawn.join(" ");
  let found = openedGpus.get(key);
  // one that was lost is of no use any more
  if (!found?.isFine) {
    found = await createGpuBackend(dawn);
    openedGpus.set(key, found);
  }
  return found;
}

export interface DeviceOptions {
  /** For "gpu" through the package webgpu: Dawn's switches, such as `backend=null`, which checks everything and runs nothing. */
  readonly dawn?: readonly string[];
}

/**
 * Makes a device the one that operations of this thread run on. Variables made on another device can not be used until
 * it is opened again.
 *
 * @param name "cpu": WebAssembly SIMD; "gpu": WebGPU, where agents learn while a copy of their
 *   network acts on the cpu; "reference": float64 in plain JavaScript, slow, to check results with; "null": runs nothing; "auto": the fastest for
 *   reinforcement learning's sizes, at present always "cpu"
 * @throws DeviceError where there is no such device
 */
export async function openDevice(name: DeviceName = "auto", { dawn = [] }: DeviceOptions = {}): Promise<Device> {
  if (!deviceNames.includes(name)) {
    const near = nearest(String(name), deviceNames);
    throw new UsageError(
      `device: the name must be one of ${deviceNames.join(", ")}; got ${name}.${near ? ` Did you mean ${near}?` : ""}`,
    );
  }
  const backend = name === "gpu" ? await gpuBackend(dawn) : backendFor(name === "auto" ? "cpu" : name);
  useBackend(backend);
  const { variant, adapter, memory } = backend;
  return { name: backend.name, variant, adapter, turn: () => backend.turn(), sync: () => memory.sync() };
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
