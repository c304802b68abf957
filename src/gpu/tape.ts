/**
 * The tape: launches are written down, a few words each, and go to the GPU together, in one pass of one submission.
 *
 * What was written down is compared with the programs seen before. An unknown one runs kernel by kernel: one buffer holds
 * the launches, a slot each, with a bind group a slot that is made when the slot is first used and stays. One that keeps
 * coming is printed anew in the background, see `program.ts`, and from then on takes a few dispatches and one short write.
 */
import { isEnabled, note } from "../debug.ts";
import { DeviceError } from "../errors.ts";
import { runTimed, type TimedDispatch } from "./passTimes.ts";
import { firstWord } from "./program.ts";
import { type HotProgram, Programs } from "./programs.ts";
import {
  genericModule,
  labelOf,
  mostGroups,
  type RecordedLaunch,
  type Shader,
  wholeNumbers,
  wordsOf,
} from "./shader.ts";

/** Bytes of a slot: the smallest offset of a binding that every adapter takes. */
const slotBytes = 256;
const slotWords = slotBytes / 4;
const slots = 1024;
/** Bytes that a kernel reads of its slot: four words, of which the last two are the host's, see `moduleScope`. */
const launchBytes = 112;
/** Where in a slot the host keeps the kernel's number and the workgroups. */
const kernelWord = 2;
const groupsWord = 3;

/** Flags of the WebGPU specification; lib.dom has no names for them. */
const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
const computeStage = 4;
const readMode = 1;

const bytesText = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** A kernel that was launched before. */
export interface TapeKernel {
  readonly shader: Shader;
  readonly id: number;
  /** The words of a slot that make two launches the same, but for numbers that change. */
  readonly identity: readonly number[];
  pipeline: GPUComputePipeline | null;
}

export class Tape {
  readonly device: GPUDevice;
  /** The slots of the launches that wait, as whole numbers and as floats. */
  readonly words: Uint32Array<ArrayBuffer>;
  readonly numbers: Float32Array<ArrayBuffer>;
  readonly #launches: GPUBuffer;
  readonly #layout: GPUBindGroupLayout;
  readonly #pipelineLayout: GPUPipelineLayout;
  readonly #kernels: TapeKernel[] = [];
  readonly #byName = new Map<string, TapeKernel>();
  readonly #programs: Programs;
  #memory: GPUBuffer;
  /** By slot; a bind group costs half of what a dynamic offset does. */
  #bindings: GPUBindGroup[] = [];
  #count = 0;
  #failure: DeviceError | null = null;
  #isClosed = false;
  /** Submissions so far. */
  submits = 0;
  /** Counts everything that may have changed the memory's numbers. */
  version = 0;
  readonly #underWay: Promise<unknown>[] = [];
  #waitedFor = 0;

  /**
   * @param bytes of memory at first
   * @param hotAfter how often a program must come before it gets pipelines of its own
   */
  constructor(device: GPUDevice, bytes: number, hotAfter: number) {
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
    this.#programs = new Programs(
      device,
      {
        words: this.words,
        slotWords,
        identity: (slot) => this.#kernels[this.words[slot * slotWords + kernelWord]!]!.identity,
        recorded: (count) => this.#recorded(count),
      },
      hotAfter,
    );
    device.addEventListener("uncapturederror", (event) => {
      const { error } = event as GPUUncapturedErrorEvent;
      this.#failure ??= new DeviceError(
        error instanceof GPUOutOfMemoryError
          ? `gpu: tensors of ${bytesText(this.memoryBytes)} must fit into the GPU's memory; got ${error.message}. Use smaller ` +
              "batches or networks, or the cpu."
          : `gpu: every command must be valid; got ${error.message}`,
      );
    });
    void device.lost.then(({ reason, message }) => {
      if (this.#isClosed) return;
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
    this.#programs.unbind();
  }

  /** The kernel of this name; `make` is asked for it once. */
  kernel(name: string, make: () => Shader): TapeKernel {
    let found = this.#byName.get(name);
    if (!found) {
      const shader = make();
      const whole = wordsOf(shader).filter((i) => !shader.changing.includes(i));
      const identity = [0, 1, kernelWord, groupsWord, ...whole.map((i) => firstWord + i)];
      found = { shader, id: this.#kernels.length, identity, pipeline: null };
      this.#kernels.push(found);
      this.#byName.set(name, found);
    }
    return found;
  }

  /** A pipeline of this layout, at once. */
  #pipelineOf(kernel: TapeKernel): GPUComputePipeline {
    if (!kernel.pipeline) {
      const { name } = kernel.shader;
      const code = genericModule(kernel.shader);
      if (isEnabled(3)) note(3, `wgsl ${name}\n${code}`);
      const module = this.device.createShaderModule({ label: name, code });
      kernel.pipeline = this.device.createComputePipeline({
        label: name,
        layout: this.#pipelineLayout,
        compute: { module, entryPoint: "main" },
      });
    }
    return kernel.pipeline;
  }

  /** Writes a launch down. @returns the index of its slot's first word, where rows and cols go */
  launch({ id }: TapeKernel, groupsX: number, groupsY: number): number {
    if (this.#count === slots) this.flush();
    this.version++;
    const at = slotWords * this.#count++;
    this.words[at + kernelWord] = id;
    this.words[at + groupsWord] = groupsX | (groupsY << 16);
    return at;
  }

  /** What the slots say, as a program. */
  #recorded(count: number): RecordedLaunch[] {
    return Array.from({ length: count }, (_, i) => {
      const at = i * slotWords;
      const groups = this.words[at + groupsWord]!;
      const { shader } = this.#kernels[this.words[at + kernelWord]!]!;
      const used = new Set(wordsOf(shader));
      return {
        shader,
        rows: this.words[at]!,
        cols: this.words[at + 1]!,
        groupsX: groups & 0xffff,
        groupsY: groups >>> 16,
        whole: Array.from({ length: wholeNumbers }, (_, k) => (used.has(k) ? this.words[at + firstWord + k]! : 0)),
      };
    });
  }

  /** Sends what was written down. @throws DeviceError when something sent before has failed */
  flush(): void {
    this.assertFine();
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    this.submits++;
    const program = this.#programs.find(count);
    if (isEnabled(2)) {
      runTimed(this.device, program ? this.#stagesOf(program) : this.#dispatchesOf(count));
      return;
    }
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    if (program) this.#replay(program, pass);
    else this.#runEach(count, pass);
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /** Brings a program's numbers over. @returns what it is bound to */
  #prepare(program: HotProgram): GPUBindGroup {
    const { block, from, to } = program;
    for (let i = 0; i < from.length; i++) block[to[i]!] = this.words[from[i]!]!;
    if (from.length > 0) this.device.queue.writeBuffer(program.buffer, 0, block);
    program.bindings ??= this.device.createBindGroup({
      layout: program.layout,
      entries: [
        { binding: 0, resource: { buffer: this.#memory } },
        { binding: 1, resource: { buffer: program.buffer } },
      ],
    });
    return program.bindings;
  }

  #replay(program: HotProgram, pass: GPUComputePassEncoder): void {
    pass.setBindGroup(0, this.#prepare(program));
    for (const { pipeline, groups } of program.stages) {
      pass.setPipeline(pipeline);
      if (groups <= mostGroups) pass.dispatchWorkgroups(groups);
      else pass.dispatchWorkgroups(mostGroups, Math.ceil(groups / mostGroups));
    }
  }

  #runEach(count: number, pass: GPUComputePassEncoder): void {
    this.device.queue.writeBuffer(this.#launches, 0, this.words, 0, count * slotWords);
    for (let i = 0; i < count; i++) {
      const at = i * slotWords;
      const groups = this.words[at + groupsWord]!;
      pass.setPipeline(this.#pipelineOf(this.#kernels[this.words[at + kernelWord]!]!));
      pass.setBindGroup(0, this.#bindingsOf(i));
      pass.dispatchWorkgroups(groups & 0xffff, groups >>> 16);
    }
  }

  #stagesOf(program: HotProgram): TimedDispatch[] {
    const bindings = this.#prepare(program);
    return program.stages.map(({ pipeline, groups, label }) => {
      const groupsX = Math.min(groups, mostGroups);
      return { label, pipeline, bindings, groupsX, groupsY: Math.ceil(groups / mostGroups) };
    });
  }

  #dispatchesOf(count: number): TimedDispatch[] {
    this.device.queue.writeBuffer(this.#launches, 0, this.words, 0, count * slotWords);
    return this.#recorded(count).map((launch, i) => {
      const pipeline = this.#pipelineOf(this.#kernels[this.words[i * slotWords + kernelWord]!]!);
      return { label: labelOf(launch), pipeline, bindings: this.#bindingsOf(i), ...launch };
    });
  }

  /** Waits until every program that is hot has its own pipelines. */
  settle(): Promise<void> {
    return this.#programs.settle();
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
    const isPlain = values instanceof Float32Array && values.buffer instanceof ArrayBuffer;
    // else a copy: queues take no shared memory, and no other numbers
    const floats = isPlain ? (values as Float32Array<ArrayBuffer>) : new Float32Array(values);
    this.device.queue.writeBuffer(this.#memory, address, floats);
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
    } catch (cause) {
      // the news that the device is lost comes a turn later
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.assertFine();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DeviceError(`gpu: ${count} numbers must be readable; got ${reason}. Resume the run, or use the cpu.`, {
        cause,
      });
    } finally {
      copy.destroy();
    }
  }

  /** Whether nothing sent so far has failed. */
  get isFine(): boolean {
    return this.#failure === null && !this.#isClosed;
  }

  /** Gives everything back. */
  close(): void {
    this.#isClosed = true;
    this.device.destroy();
  }

  /** @throws DeviceError once the device is lost or a command was refused */
  assertFine(): void {
    if (this.#failure) throw this.#failure;
  }
}
