/** The programs that a tape has seen, and those of them that keep coming as pipelines of their own. */
import { isEnabled, note } from "../debug.ts";
import { printProgram } from "./program.ts";
import { labelOf, type RecordedLaunch } from "./shader.ts";

/** Programs remembered, and programs with pipelines of their own. */
const mostSeen = 512;
const mostHot = 48;
/** Launches of the longest program that is worth its compilation. */
const longest = 512;

/** What stands in one slot of the tape. */
export interface Slots {
  readonly words: Uint32Array;
  readonly slotWords: number;
  /** The words of slot i that make the program what it is, counted from the slot's first. */
  identity(slot: number): readonly number[];
  /** The first so many slots, as launches. */
  recorded(count: number): RecordedLaunch[];
}

/** A program with pipelines of its own. */
export interface HotProgram {
  readonly stages: readonly {
    readonly pipeline: GPUComputePipeline;
    readonly groups: number;
    readonly label: string;
  }[];
  readonly layout: GPUBindGroupLayout;
  /** The numbers that change, on their way to `buffer`: word `from[i]` of the tape goes to word `to[i]`. */
  readonly block: Uint32Array<ArrayBuffer>;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly buffer: GPUBuffer;
  /** Of this program's buffers; made anew when memory moves. */
  bindings: GPUBindGroup | null;
}

interface Seen {
  times: number;
  lastTime: number;
  /** What followed it the last time. */
  next: Seen | null;
  /** Words of the tape and what they must be; null until the program is hot. */
  where: Uint32Array | null;
  expected: Uint32Array | null;
  count: number;
  program: HotProgram | null;
}

const computeStage = 4;
const usage = { uniform: 64, copyTarget: 8 } as const;

export class Programs {
  readonly #device: GPUDevice;
  readonly #slots: Slots;
  /** How often a program must come before it is printed anew; generic kernels compile once, programs again and again. */
  readonly #hotAfter: number;
  readonly #seen = new Map<number, Seen>();
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #layouts = new Map<number, GPUBindGroupLayout>();
  #last: Seen | null = null;
  #time = 0;
  /** Compilations under way. */
  #building: Promise<void>[] = [];

  constructor(device: GPUDevice, slots: Slots, hotAfter: number) {
    this.#device = device;
    this.#slots = slots;
    this.#hotAfter = hotAfter;
  }

  /** The program of the first `count` slots, once it has pipelines of its own. */
  find(count: number): HotProgram | null {
    const guess = this.#last?.next;
    const seen = guess && this.#isIn(guess, count) ? guess : this.#lookUp(count);
    if (this.#last) this.#last.next = seen;
    this.#last = seen;
    seen.times++;
    seen.lastTime = ++this.#time;
    if (seen.where === null) {
      if (seen.times >= this.#hotAfter && count > 1 && count <= longest) this.#make(seen, count);
      return null;
    }
    return seen === guess || this.#isIn(seen, count) ? seen.program : null;
  }

  /** Waits for the compilations under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#building);
  }

  /** Forgets all bindings: memory has moved. */
  unbind(): void {
    for (const { program } of this.#seen.values()) if (program) program.bindings = null;
  }

  #isIn({ where, expected, count: ownCount }: Seen, count: number): boolean {
    if (where === null || count !== ownCount) return false;
    const { words } = this.#slots;
    for (let i = 0; i < where.length; i++) if (words[where[i]!] !== expected![i]) return false;
    return true;
  }

  #lookUp(count: number): Seen {
    const { words, slotWords } = this.#slots;
    let hash = count;
    for (let slot = 0; slot < count; slot++) {
      const identity = this.#slots.identity(slot);
      for (let k = 0; k < identity.length; k++) {
        hash = Math.imul(hash ^ words[slot * slotWords + identity[k]!]!, 0x01000193);
        hash ^= hash >>> 15;
      }
    }
    let seen = this.#seen.get(hash);
    if (!seen) {
      if (this.#seen.size >= mostSeen) this.#forget(false, mostSeen >> 1);
      seen = { times: 0, lastTime: 0, next: null, where: null, expected: null, count, program: null };
      this.#seen.set(hash, seen);
    }
    return seen;
  }

  /** Forgets those longest unseen, until so many are left of what is hot, or of what is not. */
  #forget(isHot: boolean, left: number): void {
    const candidates = [...this.#seen].filter(([, { where }]) => (where !== null) === isHot);
    candidates.sort(([, a], [, b]) => a.lastTime - b.lastTime);
    for (const [hash, seen] of candidates.slice(0, Math.max(0, candidates.length - left))) {
      seen.program?.buffer.destroy();
      this.#seen.delete(hash);
    }
    for (const seen of this.#seen.values()) seen.next = null;
    this.#last = null;
    if (isHot) this.#pipelines.clear();
  }

  #make(seen: Seen, count: number): void {
    const { words, slotWords } = this.#slots;
    const where: number[] = [];
    for (let slot = 0; slot < count; slot++) {
      for (const word of this.#slots.identity(slot)) where.push(slot * slotWords + word);
    }
    seen.where = Uint32Array.from(where);
    seen.expected = seen.where.map((i) => words[i]!);
    seen.count = count;
    const building = this.#build(this.#slots.recorded(count)).then((program) => {
      seen.program = program;
      this.#building = this.#building.filter((other) => other !== building);
    });
    this.#building.push(building);
    const hot = [...this.#seen.values()].filter(({ where }) => where !== null).length;
    if (hot > mostHot) this.#forget(true, mostHot >> 1);
  }

  async #build(recorded: readonly RecordedLaunch[]): Promise<HotProgram> {
    const { stages, entries, blockWords } = printProgram(recorded);
    const layout = this.#layoutOf(blockWords);
    const { slotWords } = this.#slots;
    const compiled = stages.map(async ({ code, groups, launches }) => {
      const label = launches.map((i) => labelOf(recorded[i]!)).join(" + ");
      return { pipeline: await this.#pipeline(label, code, layout), groups, label };
    });
    return {
      stages: await Promise.all(compiled),
      layout,
      block: new Uint32Array(blockWords),
      from: Uint32Array.from(entries, ({ launch, word }) => launch * slotWords + word),
      to: Uint32Array.from(entries, ({ at }) => at),
      buffer: this.#device.createBuffer({
        label: "block",
        size: 4 * blockWords,
        usage: usage.uniform | usage.copyTarget,
      }),
      bindings: null,
    };
  }

  #layoutOf(blockWords: number): GPUBindGroupLayout {
    let layout = this.#layouts.get(blockWords);
    if (!layout) {
      const visibility = computeStage;
      layout = this.#device.createBindGroupLayout({
        entries: [
          { binding: 0, visibility, buffer: { type: "storage" } },
          { binding: 1, visibility, buffer: { type: "uniform", minBindingSize: 4 * blockWords } },
        ],
      });
      this.#layouts.set(blockWords, layout);
    }
    return layout;
  }

  #pipeline(label: string, code: string, layout: GPUBindGroupLayout): Promise<GPUComputePipeline> {
    let made = this.#pipelines.get(code);
    if (!made) {
      if (isEnabled(3)) note(3, `wgsl stage ${label}\n${code}`);
      made = this.#device.createComputePipelineAsync({
        label,
        layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module: this.#device.createShaderModule({ label, code }), entryPoint: "main" },
      });
      this.#pipelines.set(code, made);
    }
    return made;
  }
}
