/** Opens the device that kernels run on; the only file that knows which backends there are. */
import { createCpuBackend } from "./cpu/cpuBackend.ts";
import { nearest, UsageError } from "./errors.ts";
import { type Backend, setDefaultBackend, useBackend } from "./kernel/backend.ts";
import { createNullBackend } from "./kernel/nullBackend.ts";
import { createReferenceBackend } from "./kernel/reference.ts";

export const deviceNames = ["auto", "cpu", "reference", "null"] as const;
export type DeviceName = (typeof deviceNames)[number];

export interface Device {
  readonly name: string;
  /** Which variant of the kernels runs: results may differ in the last bit between variants. */
  readonly variant: string;
}

const opened = new Map<string, Backend>();

function backendFor(name: DeviceName): Backend {
  const resolved = name === "auto" ? "cpu" : name;
  let found = opened.get(resolved);
  if (!found) {
    found =
      resolved === "cpu"
        ? createCpuBackend()
        : resolved === "reference"
          ? createReferenceBackend()
          : createNullBackend();
    opened.set(resolved, found);
  }
  return found;
}

/**
 * Makes a device the one that operations of this thread run on. Variables made on another device can not be used until
 * it is opened again.
 *
 * @param name "cpu": WebAssembly SIMD; "reference": float64 in plain JavaScript, slow, to check results with;
 *   "null": runs nothing; "auto": the fastest for reinforcement learning's sizes, at present always "cpu"
 */
export async function openDevice(name: DeviceName = "auto"): Promise<Device> {
  if (!deviceNames.includes(name)) {
    const near = nearest(String(name), deviceNames);
    throw new UsageError(
      `device: the name must be one of ${deviceNames.join(", ")}; got ${name}.${near ? ` Did you mean ${near}?` : ""}`,
    );
  }
  const backend = backendFor(name);
  useBackend(backend);
  return { name: backend.name, variant: backend.variant };
}

setDefaultBackend(() => backendFor("cpu"));
