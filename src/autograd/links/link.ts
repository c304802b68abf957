/**
 * Link: something with parameters. A Link's parameters are its fields that are Parameters, its children the fields that
 * are Links (or arrays of them); a subclass assigns them in its constructor and writes `forward`.
 */
import { ShapeError, UsageError } from "../../errors.ts";
import { backend } from "../../kernel/backend.ts";
import { input, scalar } from "../../kernel/expression.ts";
import type { Random } from "../../random.ts";
import type { State } from "../../state.ts";
import { flatKernel } from "../flatKernel.ts";
import { FlatParameters } from "../flatParameters.ts";
import type { Initializer } from "../initializers/initializer.ts";
import { Parameter } from "../parameter.ts";
import { PersistentValue } from "../persistentValue.ts";
import { RandomStream } from "../randomStream.ts";
import type { Variable } from "../variable.ts";

const [own, other] = [input(0, "element"), input(1, "element")];
/** own += rate (factor other − own), over runs of numbers. */
export const follow = flatKernel(
  "follow",
  [own.add(other.mul(scalar(1)).sub(own).mul(scalar(0)))],
  ["element", "element"],
  { inPlace: true },
);

export abstract class Link {
  #flat: FlatParameters | null = null;
  #persistents: readonly PersistentValue[] | null = null;

  /** Parameters with their paths, as in `layers.0.w`, in the order of their fields. */
  *namedParameters(prefix = ""): Generator<[path: string, parameter: Parameter]> {
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof Parameter) yield [`${prefix}${name}`, value];
      else if (value instanceof Link) yield* value.namedParameters(`${prefix}${name}.`);
      else if (Array.isArray(value)) {
        for (const [i, item] of value.entries()) {
          if (item instanceof Link) yield* item.namedParameters(`${prefix}${name}.${i}.`);
          else if (item instanceof Parameter) yield [`${prefix}${name}.${i}`, item];
        }
      }
    }
  }

  /** All parameters, those of the children included. */
  parameters(): Parameter[] {
    return [...this.namedParameters()].map(([, parameter]) => parameter);
  }

  /** Children and theirs, depth first, this Link first. */
  *links(): Generator<Link> {
    yield this;
    for (const value of Object.values(this)) {
      if (value instanceof Link) yield* value.links();
      else if (Array.isArray(value)) for (const item of value) if (item instanceof Link) yield* item.links();
    }
  }

  /** Forgets the gradients of all parameters. */
  clearGrads(): void {
    for (const parameter of this.#flat?.parameters ?? this.parameters()) parameter.clearGrad();
  }

  /**
   * All parameters, their gradients likewise, in one run of memory each. Made on the first call; optimizers and copies
   * between networks work on it as a whole. Parameters added to the Link afterwards are not in it. The run may move when
   * a Link around this one is made flat: ask for it anew each time.
   *
   * @throws UsageError when a parameter stands in the Link twice, or in another flat Link that is not nested with it
   */
  flat(): FlatParameters {
    if (!this.#flat?.isCurrent) this.#flat = new FlatParameters(this.#flat?.named ?? [...this.namedParameters()]);
    return this.#flat;
  }

  /** Replaces all parameters, and running statistics, by those of a Link of the same structure. */
  copyParametersFrom(other: Link): void {
    this.flat().copyFrom(other.flat());
    this.#forEachPersistent(other, (to, from) => backend().families.copy(to.size, from.address, to.address, false));
  }

  #forEachPersistent(other: Link, body: (to: PersistentValue, from: PersistentValue) => void): void {
    const sources = other.#persistentValues();
    for (const [i, to] of this.#persistentValues().entries()) {
      body(to, sources[i]!);
      to.touch();
    }
  }

  /** Looked up once, as `flat` does: networks are copied at each update. */
  #persistentValues(): readonly PersistentValue[] {
    this.#persistents ??= Array.from(this.namedPersistents(), ([, value]) => value);
    return this.#persistents;
  }

  /**
   * Moves all parameters, and running statistics, towards another's: (1 − τ) own + τ other. Source: Polyak averaging,
   * Lillicrap et al. 2016.
   *
   * @throws UsageError unless tau is in [0, 1]
   */
  softCopyParametersFrom(other: Link, tau: number): void {
    if (!(tau >= 0 && tau <= 1)) {
      throw new UsageError(`softCopyParametersFrom: tau must be at least 0 and at most 1; got ${tau}.`);
    }
    this.flat().softCopyFrom(other.flat(), tau);
    this.#forEachPersistent(other, (to, from) => follow(to.size, [to.address, from.address], [tau, 1]));
  }

  /** The fields of Links inside that are of a class, with their paths. */
  *#named<T>(type: abstract new (...args: never[]) => T, prefix: string): Generator<[path: string, value: T]> {
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof type) yield [`${prefix}${name}`, value];
      else if (value instanceof Link) yield* value.#named(type, `${prefix}${name}.`);
      else if (Array.isArray(value)) {
        for (const [i, item] of value.entries()) {
          if (item instanceof Link) yield* item.#named(type, `${prefix}${name}.${i}.`);
        }
      }
    }
  }

  /** The random streams of Links inside (dropout, noisy layers), with their paths. */
  namedStreams(): Generator<[path: string, stream: RandomStream]> {
    return this.#named(RandomStream, "");
  }

  /** The running statistics of Links inside (batch normalisation), with their paths. */
  namedPersistents(): Generator<[path: string, value: PersistentValue]> {
    return this.#named(PersistentValue, "");
  }

  /** The numbers of every parameter and running statistic by its path, and where random streams stand. */
  saveState(): { readonly [path: string]: Float32Array | Float64Array | Uint32Array } {
    return Object.fromEntries([
      ...this.namedTensors().map(([path, x]) => [path, x.data.slice()]),
      ...[...this.namedStreams()].map(([path, stream]) => [path, stream.saveState()]),
    ]);
  }

  /** @throws UsageError when the paths or sizes are not this Link's. */
  loadState(state: State): void {
    const saved = state as Record<string, ArrayLike<number>>;
    const streams = new Map(this.namedStreams());
    const tensors = new Map(this.namedTensors());
    this.#assertFits(saved, tensors, [...tensors.keys(), ...streams.keys()]);
    for (const [path, x] of tensors) x.write(saved[path]!);
    for (const [path, stream] of streams) stream.loadState(saved[path] as Uint32Array);
  }

  /** Parameters and running statistics by their paths: what a model's file holds. */
  namedTensors(): [path: string, x: Parameter | PersistentValue][] {
    return [...this.namedParameters(), ...this.namedPersistents()];
  }

  /**
   * Fills parameters and running statistics; random streams go on where they stand.
   * @throws UsageError when the paths or sizes are not this Link's.
   */
  loadTensors(saved: Readonly<Record<string, ArrayLike<number>>>): void {
    const tensors = new Map(this.namedTensors());
    this.#assertFits(saved, tensors, [...tensors.keys()]);
    for (const [path, x] of tensors) x.write(saved[path]!);
  }

  #assertFits(
    saved: Readonly<Record<string, ArrayLike<number>>>,
    tensors: ReadonlyMap<string, Variable>,
    own: readonly string[],
  ): void {
    const missing = own.find((path) => !(path in saved));
    const unknown = Object.keys(saved).find((path) => !own.includes(path));
    if (missing !== undefined || unknown !== undefined) {
      throw new UsageError(
        `load: the saved parameters must be those of this network, ${own.join(", ")}; got ` +
          `${Object.keys(saved).join(", ")}. Build the network with the settings it was saved with.`,
      );
    }
    for (const [path, x] of tensors) {
      const values = saved[path]!;
      if (values.length === x.size) continue;
      throw new ShapeError(
        `load: ${path} must hold ${x.size} numbers, shape (${x.shape.join(", ")}); got ${values.length}. ` +
          "Build the network with the sizes it was saved with.",
      );
    }
  }
}

/** A Parameter filled by an initializer. */
export function makeParameter(
  shape: readonly number[],
  initializer: Initializer,
  random: Random,
  name: string,
): Parameter {
  const parameter = new Parameter(shape, name);
  const values = new Float64Array(parameter.size);
  initializer(values, shape, random);
  parameter.assign(values);
  return parameter;
}
