/** A model's parameters and running statistics, and its optimizer's statistics, in memory that threads share. */
import { backend } from "../kernel/backend.ts";
import type { Link } from "./links/link.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { PersistentValue } from "./persistentValue.ts";

/** A run of numbers in this thread's memory, and its place in the shared one. */
class SharedRun {
  readonly #shared: Float32Array;
  #floats: Float32Array | Float64Array | null = null;
  #address = 0;
  #own: Float32Array | Float64Array = new Float32Array(0);

  constructor(shared: Float32Array) {
    this.#shared = shared;
  }

  /** The numbers at an address; made anew when the memory has grown. */
  #at(address: number): Float32Array | Float64Array {
    const { floats } = backend().memory;
    if (floats !== this.#floats || address !== this.#address) {
      this.#floats = floats;
      this.#address = address;
      this.#own = floats.subarray(address >> 2, (address >> 2) + this.#shared.length);
    }
    return this.#own;
  }

  pull(address: number): void {
    this.#at(address).set(this.#shared);
  }

  push(address: number): void {
    this.#shared.set(this.#at(address));
  }
}

/**
 * Copies between a model in this thread and the numbers that threads share. Nothing is locked: of two threads that push
 * at once each number is that of one of them (Hogwild: Recht, Ré, Wright, Niu 2011). On the cpu only.
 */
export class SharedParameters {
  readonly #link: Link;
  readonly #optimizer: Optimizer | null;
  readonly #parameters: SharedRun;
  readonly #statistics: readonly SharedRun[];
  /** Of layers, as batch normalisation has them. */
  readonly #running: readonly (readonly [PersistentValue, SharedRun])[];

  /** Bytes that they take, a multiple of 8. */
  static bytesOf(link: Link, optimizer: Optimizer | null): number {
    const runs = 1 + (optimizer?.statisticAddresses.length ?? 0);
    const running = [...link.namedPersistents()].reduce((sum, [, x]) => sum + x.size, 0);
    return 8 * Math.ceil((4 * (runs * link.flat().size + running)) / 8);
  }

  /** @param optimizer whose statistics are shared too, set up with that model; null for a model without one */
  constructor(link: Link, optimizer: Optimizer | null, memory: SharedArrayBuffer, byteOffset: number) {
    this.#link = link;
    this.#optimizer = optimizer;
    let at = byteOffset;
    const run = (size: number) => {
      const made = new SharedRun(new Float32Array(memory, at, size));
      at += 4 * size;
      return made;
    };
    const { size } = link.flat();
    this.#parameters = run(size);
    this.#statistics = (optimizer?.statisticAddresses ?? []).map(() => run(size));
    this.#running = [...link.namedPersistents()].map(([, x]) => [x, run(x.size)] as const);
  }

  /** Takes over the shared numbers. */
  pull(): void {
    const { address, version } = this.#link.flat();
    this.#parameters.pull(address);
    version.version++;
    const addresses = this.#optimizer?.statisticAddresses ?? [];
    for (let i = 0; i < addresses.length; i++) this.#statistics[i]!.pull(addresses[i]!);
    for (const [x, run] of this.#running) {
      run.pull(x.address);
      x.touch();
    }
  }

  /** Replaces the shared numbers by those of this thread. */
  push(): void {
    this.#parameters.push(this.#link.flat().address);
    const addresses = this.#optimizer?.statisticAddresses ?? [];
    for (let i = 0; i < addresses.length; i++) this.#statistics[i]!.push(addresses[i]!);
    this.pushRunning();
  }

  /** The same of running statistics alone, which a forward pass moves before there is an update. */
  pushRunning(): void {
    for (const [x, run] of this.#running) run.push(x.address);
  }
}
