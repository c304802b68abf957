/**
 * A model's parameters and running statistics, published by one thread for others, version by version. Versions take turns
 * in two places, and nobody waits: who takes one over copies it, and copies again only where the publisher began to overwrite
 * that place in the meantime (a sequence lock: Lameter 2005, "Effective synchronization on Linux/NUMA systems").
 */
import { onHost } from "../device.ts";
import { backend } from "../kernel/backend.ts";
import type { Link } from "./links/link.ts";
import type { PersistentValue } from "./persistentValue.ts";

/** Places of the counters, 32-bit integers: the version that is being written, and the newest that is whole. They wrap. */
const place = { begun: 0, published: 1 } as const;
const counterBytes = 16;
/** Bytes in front of the numbers of a version: what was noted with it. */
const noteBytes = 8;

const persistentsOf = (link: Link): PersistentValue[] => [...link.namedPersistents()].map(([, x]) => x);
const sizeOf = (link: Link): number => persistentsOf(link).reduce((sum, x) => sum + x.size, link.flat().size);

/** Of a model on the cpu. */
export class PublishedParameters {
  readonly #link: Link;
  readonly #persistents: readonly PersistentValue[];
  readonly #counters: Int32Array;
  readonly #notes: readonly Float64Array[];
  readonly #numbers: readonly Float32Array[];
  /** The version that this thread's model is of. */
  #taken = 0;
  /** What was noted with it. */
  note = 0;

  /** Bytes that they take, a multiple of 8. */
  static bytesOf(link: Link): number {
    return counterBytes + 2 * (noteBytes + 8 * Math.ceil((4 * sizeOf(link)) / 8));
  }

  /** @param memory filled with zeros at first, when there is no version yet */
  constructor(link: Link, memory: SharedArrayBuffer, byteOffset: number) {
    this.#link = link;
    this.#persistents = persistentsOf(link);
    this.#counters = new Int32Array(memory, byteOffset, counterBytes / 4);
    const size = sizeOf(link);
    const bytes = (PublishedParameters.bytesOf(link) - counterBytes) / 2;
    const at = [0, 1].map((half) => byteOffset + counterBytes + half * bytes);
    this.#notes = at.map((offset) => new Float64Array(memory, offset, 1));
    this.#numbers = at.map((offset) => new Float32Array(memory, offset + noteBytes, size));
  }

  /** Of one thread alone: makes this thread's numbers the next version. */
  publish(note: number): void {
    const version = (Atomics.load(this.#counters, place.published) + 1) | 0;
    const numbers = this.#numbers[version & 1]!;
    // a read-modify-write: nothing below is done before it
    Atomics.exchange(this.#counters, place.begun, version);
    this.#notes[version & 1]![0] = note;
    onHost(() => this.#forEachRun((run, at) => numbers.set(run, at)));
    Atomics.store(this.#counters, place.published, version);
  }

  /** Takes over the newest version, where it is another than that of before. */
  takeOver(): void {
    let version = Atomics.load(this.#counters, place.published);
    while (version !== this.#taken) {
      const numbers = this.#numbers[version & 1]!;
      this.note = this.#notes[version & 1]![0]!;
      onHost(() => this.#forEachRun((run, at) => run.set(numbers.subarray(at, at + run.length))));
      this.#link.flat().version.version++;
      for (const x of this.#persistents) x.touch();
      // whole unless the version after next was begun; a read-modify-write: the copy is done before it
      const begun = Atomics.add(this.#counters, place.begun, 0);
      if (((begun - version) | 0) < 2) this.#taken = version;
      else version = Atomics.load(this.#counters, place.published);
    }
  }

  /** The model's numbers run by run, and where they stand in a version. */
  #forEachRun(copy: (run: Float32Array | Float64Array, at: number) => void): void {
    const { address, size } = this.#link.flat();
    copy(backend().memory.floats.subarray(address >> 2, (address >> 2) + size), 0);
    let at = size;
    for (const x of this.#persistents) {
      copy(x.data, at);
      at += x.size;
    }
  }
}
