/** Finds WebGPU: the browser's and Deno's own, else Dawn from the optional package `webgpu`. */
import { isEnabled } from "../debug.ts";
import { DeviceError } from "../errors.ts";

/**
 * Dawn's entry point must live as long as any device: dropped, it takes the process down with it. Nothing else reads
 * this.
 */
const pinned: unknown[] = [];

const install = "Install npm's webgpu beside kusari, or use the cpu.";

/**
 * Whether Linux has no Vulkan, the only way to an adapter there: Dawn would find that out as well, but with two lines on
 * stderr. Nothing can be loaded as a module of Node, so that every answer is an error; only one says that nothing is there.
 */
function lacksVulkan(): boolean {
  const { platform, dlopen } = (globalThis as { process?: Partial<NodeJS.Process> }).process ?? {};
  if (platform !== "linux" || !dlopen) return false;
  try {
    dlopen({ exports: {} }, "libvulkan.so.1");
  } catch (error) {
    return /^libvulkan\.so\.1: cannot open shared object file/.test((error as Error).message);
  }
  return false;
}

const noAdapter = () =>
  new DeviceError(
    "gpu: there must be a WebGPU adapter; got none. Install a Vulkan driver (Debian: mesa-vulkan-drivers 25 or " +
      "newer), or use the cpu.",
  );

/** @param options for Dawn alone, such as `backend=null`, which runs nothing and checks everything */
async function entryPoint(options: readonly string[]): Promise<GPU> {
  const own = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (own && options.length === 0) return own;
  // the name in a variable keeps bundlers and compilers from looking for an optional package
  const name = "webgpu";
  let dawn: { create(options: string[]): GPU; globals: object };
  try {
    dawn = await import(/* @vite-ignore */ name);
  } catch (cause) {
    throw new DeviceError(`gpu: WebGPU must be there; got neither navigator.gpu nor the package webgpu. ${install}`, {
      cause,
    });
  }
  if (options.length === 0 && lacksVulkan()) throw noAdapter();
  Object.assign(globalThis, dawn.globals);
  // Dawn rounds times to 65 µs, against attackers
  const exact = isEnabled(2) ? ["disable-dawn-features=timestamp_quantization"] : [];
  const gpu = dawn.create([...options, ...exact]);
  pinned.push(gpu);
  return gpu;
}

/** What kernels may use where the adapter offers it. */
const wantedFeatures = ["subgroups", "shader-f16", "timestamp-query"] as const;
/** Asked for as large as the adapter has them: memory is one buffer. */
const wantedLimits = ["maxBufferSize", "maxStorageBufferBindingSize"] as const;

export interface OpenedGpu {
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
}

/**
 * Opens the adapter that the platform recommends.
 * @throws DeviceError where there is no WebGPU or no adapter
 */
export async function openGpu(options: readonly string[] = []): Promise<OpenedGpu> {
  const gpu = await entryPoint(options);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw noAdapter();
  const requiredFeatures = wantedFeatures.filter((name) => adapter.features.has(name)) as GPUFeatureName[];
  const requiredLimits = Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]]));
  try {
    return { adapter, device: await adapter.requestDevice({ requiredFeatures, requiredLimits }) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DeviceError(`gpu: the adapter must give a device; got ${reason}. Update its driver, or use the cpu.`, {
      cause,
    });
  }
}
