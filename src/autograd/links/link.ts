/**
 * Link: something with parameters. A Link's parameters are its fields that are Parameters, its children the fields that
 * are Links (or arrays of them); a subclass assigns them in its constructor and writes `forward`.
 */
import { ShapeError, UsageError } from "../../errors.ts";
import type { Random } from "../../random.ts";
import type { State } from "../../state.ts";
import { FlatParameters } from "../flatParameters.ts";
import type { Initializer } from "../initializers/initializer.ts";
import { Parameter } from "../parameter.ts";
import { RandomStream } from "../randomStream.ts";

export abstract class Link {
  #flat: FlatParameters | null = null;

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

  /** Replaces all parameters by those of a Link of the same structure. */
  copyParametersFrom(other: Link): void {
    this.flat().copyFrom(other.flat());
  }

  /**
   * Moves all parameters towards another's: (1 − τ) own + τ other. Source: Polyak averaging, Lillicrap et al. 2016.
   *
   * @throws UsageError unless tau is in [0, 1]
   */
  softCopyParametersFrom(other: Link, tau: number): void {
    if (!(tau >= 0 && tau <= 1)) {
      throw new UsageError(`softCopyParametersFrom: tau must be at least 0 and at most 1; got ${tau}.`);
    }
    this.flat().softCopyFrom(other.flat(), tau);
  }

  /** The random streams of Links inside (dropout), with their paths. */
  *namedStreams(prefix = ""): Generator<[path: string, stream: RandomStream]> {
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof RandomStream) yield [`${prefix}${name}`, value];
      else if (value instanceof Link) yield* value.namedStreams(`${prefix}${name}.`);
      else if (Array.isArray(value)) {
        for (const [i, item] of value.entries()) {
          if (item instanceof Link) yield* item.namedStreams(`${prefix}${name}.${i}.`);
        }
      }
    }
  }

  /** The numbers of every parameter by its path, and where random streams stand. */
  saveState(): { readonly [path: string]: Float32Array | Float64Array | Uint32Array } {
    return Object.fromEntries([
      ...[...this.namedParameters()].map(([path, p]) => [path, p.data.slice()]),
      ...[...this.namedStreams()].map(([path, stream]) => [path, stream.saveState()]),
    ]);
  }

  /** @throws UsageError when the paths or sizes are not this Link's. */
  loadState(state: State): void {
    const saved = state as Record<string, ArrayLike<number>>;
    const streams = new Map(this.namedStreams());
    const own = new Map<string, Parameter | RandomStream>([...this.namedParameters(), ...streams]);
    const missing = [...own.keys()].find((path) => !(path in saved));
    const unknown = Object.keys(saved).find((path) => !own.has(path));
    if (missing !== undefined || unknown !== undefined) {
      throw new UsageError(
        `load: the saved parameters must be those of this network, ${[...own.keys()].join(", ")}; got ` +
          `${Object.keys(saved).join(", ")}. Build the network with the settings it was saved with.`,
      );
    }
    for (const [path, parameter] of this.namedParameters()) {
      const values = saved[path]!;
      if (values.length !== parameter.size) {
        throw new ShapeError(
          `load: ${path} must hold ${parameter.size} numbers, shape (${parameter.shape.join(", ")}); got ${values.length}. ` +
            "Build the network with the sizes it was saved with.",
        );
      }
    }
    for (const [path, parameter] of this.namedParameters()) parameter.assign(saved[path]!);
    for (const [path, stream] of streams) stream.loadState(saved[path] as Uint32Array);
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
