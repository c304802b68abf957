/**
 * The tape: launches are written down, a few words each, and go to the GPU together, in one pass of one submission.
 * There is one buffer of numbers and one of launches, a slot each, with a bind group a slot that is made when the slot is
 * first used and stays: nothing is made while a program runs.
 */
import { DeviceError } from "../errors.ts";

/** Bytes of a slot: the smallest offset of a binding that every adapter takes. */
const slotBytes = 256;
const slotWords = slotBytes / 4;
const slots = 1024;
/** Bytes that a kernel reads of its slot, see `launchHeader`. */
const launchBytes = 112;
/** Where in a slot the whole numbers and the numbers begin. */
export const firstWord = 4;
export const firstNumber = 20;

/** The most workgroups a dimension may have. */
export const mostGroups = 65535;

/** Flags of the WebGPU specification; lib.dom has no names for them. */
const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
const computeStage = 4;
const readMode = 1;

const bytesText = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

export class Tape {
  readonly device: GPUDevice;
  /** The slots of the launches that wait, as whole numbers and as floats. */
  readonly words: Uint32Array<ArrayBuffer>;
  readonly numbers: Float32Array<ArrayBuffer>;
  readonly #launches: GPUBuffer;
  readonly #layout: GPUBindGroupLayout;
  readonly #pipelineLayout: GPUPipelineLayout;
  readonly #pipelines: GPUComputePipeline[] = [];
  readonly #groups = new Uint32Array(2 * slots);
  #memory: GPUBuffer;
  /** By slot; a bind group costs half of what a dynamic offset does. */
  #bindings: GPUBindGroup[] = [];
  #count = 0;
  #failure: DeviceError | null = null;
  /** Submissions so far. */
  submits = 0;
  /** Counts everything that may have changed the memory's numbers. */
  version = 0;
  readonly #underWay: Promise<unknown>[] = [];
  #waitedFor = 0;

  constructor(device: GPUDevice, bytes: number) {
    this.device = device;
    this.words = new Uint32Array(slots * slotWords);
    this.numbers = new Float32Array(this.words.buffer);
    this.#launches = device.createBuffer({
      label: "launches",
      size: slots * slotBytes,
      usage: usage.uniform | usage.copyTarget,
    });
    const visibility = computeStage;
    this.#layout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility, buffer: { type: "storage" } },
        { binding: 1, visibility, buffer: { type: "uniform", minBindingSize: launchBytes } },
      ],
    });
    this.#pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [this.#layout] });
    this.#memory = this.#makeMemory(bytes);
    device.addEventListener("uncapturederror", (event) => {
      const { message } = (event as GPUUncapturedErrorEvent).error;
      this.#failure ??= new DeviceError(`gpu: every command must be valid; got ${message}`);
    });
    void device.lost.then(({ reason, message }) => {
      if (reason === "destroyed") return;
      this.#failure ??= new DeviceError(
        `gpu: the device must stay; got lost (${message || reason || "no reason given"}). Resume the run from its last ` +
          "checkpoint, on the cpu if it happens again.",
      );
    });
  }

  #makeMemory(bytes: number): GPUBuffer {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (bytes > most) {
      throw new DeviceError(
        `gpu: tensors must fit into ${bytesText(most)}, the adapter's largest binding; got ${bytesText(bytes)}. Use ` +
          "smaller batches or networks, or the cpu.",
      );
    }
    const flags = usage.storage | usage.copyTarget | usage.copySource;
    return this.device.createBuffer({ label: "memory", size: bytes, usage: flags });
  }

  #bindingsOf(slot: number): GPUBindGroup {
    const launch = { buffer: this.#launches, offset: slot * slotBytes, size: launchBytes };
    this.#bindings[slot] ??= this.device.createBindGroup({
      layout: this.#layout,
      entries: [
        { binding: 0, resource: { buffer: this.#memory } },
        { binding: 1, resource: launch },
      ],
    });
    return this.#bindings[slot];
  }

  get memoryBytes(): number {
    return this.#memory.size;
  }

  /** Moves everything into a larger buffer. @throws DeviceError beyond the adapter's limit */
  grow(bytes: number): void {
    const larger = this.#makeMemory(bytes);
    this.flush();
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.#memory, 0, larger, 0, this.#memory.size);
    this.device.queue.submit([encoder.finish()]);
    this.#memory.destroy();
    this.#memory = larger;
    this.#bindings = [];
  }

  pipeline(label: string, code: string): GPUComputePipeline {
    const module = this.device.createShaderModule({ label, code });
    return this.device.createComputePipeline({
      label,
      layout: this.#pipelineLayout,
      compute: { module, entryPoint: "main" },
    });
  }

  /** Writes a launch down. @returns the index of its slot's first word, where rows and cols go */
  launch(pipeline: GPUComputePipeline, groupsX: number, groupsY: number): number {
    if (this.#count === slots) this.flush();
    this.version++;
    const i = this.#count++;
    this.#pipelines[i] = pipeline;
    this.#groups[2 * i] = groupsX;
    this.#groups[2 * i + 1] = groupsY;
    return i * slotWords;
  }

  /** Sends what was written down. @throws DeviceError when something sent before has failed */
  flush(): void {
    this.assertFine();
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    this.submits++;
    const { queue } = this.device;
    queue.writeBuffer(this.#launches, 0, this.words, 0, count * slotWords);
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; i < count; i++) {
      pass.setPipeline(this.#pipelines[i]!);
      pass.setBindGroup(0, this.#bindingsOf(i));
      pass.dispatchWorkgroups(this.#groups[2 * i]!, this.#groups[2 * i + 1]!);
    }
    pass.end();
    queue.submit([encoder.finish()]);
  }

  /** Sends what waits; waits itself where more than two turns are under way, so that the queue stays short. */
  async turn(): Promise<void> {
    this.flush();
    if (this.submits === this.#waitedFor) return;
    this.#waitedFor = this.submits;
    this.#underWay.push(this.device.queue.onSubmittedWorkDone());
    if (this.#underWay.length > 2) await this.#underWay.shift();
    this.assertFine();
  }

  write(address: number, values: ArrayLike<number>): void {
    this.version++;
    this.flush();
    // a copy: queues take no shared memory, and may not take a view of another type
    this.device.queue.writeBuffer(this.#memory, address, new Float32Array(values));
  }

  async read(address: number, count: number): Promise<Float32Array> {
    this.flush();
    const size = 4 * Math.max(count, 1);
    const copy = this.device.createBuffer({ label: "read", size, usage: usage.mapRead | usage.copyTarget });
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(this.#memory, address, copy, 0, size);
      this.device.queue.submit([encoder.finish()]);
      await copy.mapAsync(readMode);
      this.assertFine();
      return new Float32Array(copy.getMappedRange().slice(0, 4 * count));
    } catch (error) {
      this.assertFine();
      throw error;
    } finally {
      copy.destroy();
    }
  }

  /** @throws DeviceError once the device is lost or a command was refused */
  assertFine(): void {
    if (this.#failure) throw this.#failure;
  }
}
