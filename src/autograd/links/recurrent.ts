/** What layers with a state share: one step, a sequence, and a state of their own that steps follow one another in. */
import { ShapeError } from "../../errors.ts";
import { backend } from "../../kernel/backend.ts";
import { stack } from "../ops/concat.ts";
import { embedId } from "../ops/embedId.ts";
import { getItem } from "../ops/getItem.ts";
import { reshape } from "../ops/reshape.ts";
import { allocateVariable, formatShape, persistent, type Shape, type Variable, zeros } from "../variable.ts";
import { Link } from "./link.ts";
import { type RecurrentState, type Sequences, sequences } from "./sequences.ts";

/** The layers with a state inside a Link, in their order; none in a feed-forward network. */
export const recurrentLayers = (link: Link): Recurrent[] =>
  [...link.links()].filter((inner) => inner instanceof Recurrent);

export abstract class Recurrent extends Link {
  readonly inSize: number;
  readonly units: number;
  /** How many parts the state has. */
  abstract readonly stateParts: number;
  #state: RecurrentState | null = null;
  /** By the state's shape: its numbers, which outlive the scope that it was computed in. */
  readonly #kept = new Map<Shape, readonly Variable[]>();

  constructor(inSize: number, units: number) {
    super();
    this.inSize = inSize;
    this.units = units;
  }

  /** What all time steps of the input contribute, computed at once: (…, inSize) → (…, gates). */
  protected abstract project(x: Variable): Variable;

  /** The next state from the last and from one row of `project`'s result for each of the batch. */
  protected abstract advance(projected: Variable, state: RecurrentState): RecurrentState;

  /** The state before the first step: zeros. */
  initialState(batch: number): RecurrentState {
    return Array.from({ length: this.stateParts }, () => zeros([batch, this.units]));
  }

  /** One step without a state of its own: x (batch, inSize); a null state is the initial one. The output is `state[0]`. */
  step(x: Variable, state: RecurrentState | null): RecurrentState {
    this.#requireInput(x, 2, "(batch, inSize)");
    return this.advance(this.project(x), state ?? this.initialState(x.shape[0]!));
  }

  /**
   * All steps of sequences side by side: xs (time, batch, inSize).
   *
   * @param state before the first step; null is the initial one
   * @param continues (time, batch): 0 where an episode begins at that step, so that the state before it counts as
   *   initial, and 1 elsewhere; null for nowhere
   * @returns outputs (time, batch, units) and the state behind the last step
   */
  sequence(
    xs: Variable,
    state: RecurrentState | null = null,
    continues: Variable | null = null,
  ): { readonly ys: Variable; readonly state: RecurrentState } {
    this.#requireInput(xs, 3, "(time, batch, inSize)");
    const [time, batch] = xs.shape as readonly [number, number];
    if (continues && (continues.shape.length !== 2 || continues.shape[0] !== time || continues.shape[1] !== batch)) {
      throw new ShapeError(
        `${this.constructor.name}: continues must be (time, batch) of xs ${formatShape(xs.shape)}; got ${formatShape(continues.shape)}.`,
      );
    }
    const projected = this.project(xs);
    const ys: Variable[] = [];
    let now = state ?? this.initialState(batch);
    for (let t = 0; t < time; t++) {
      if (continues) {
        const kept = reshape(getItem(continues, t), [batch, 1]);
        now = now.map((part) => part.mul(kept));
      }
      now = this.advance(getItem(projected, t), now);
      ys.push(now[0]!);
    }
    return { ys: stack(ys, 0), state: now };
  }

  /**
   * One step from the layer's own state: x (batch, inSize) → (batch, units). Gradients flow back to earlier steps of the
   * same scope; what an earlier scope left counts as given. Inside `overSequences` rows are steps of sequences instead,
   * x (rows, inSize) → (rows, units), and the layer's own state has no part in it.
   */
  forward(x: Variable): Variable {
    if (sequences !== null) return this.#over(sequences, x);
    const before = this.state;
    if (before && before[0]!.shape[0] !== x.shape[0]) {
      throw new ShapeError(
        `${this.constructor.name}: x must have the batch of the state ${formatShape(before[0]!.shape)}; got x ${formatShape(x.shape)}. Call resetState() first.`,
      );
    }
    const next = this.step(x, before);
    this.setState(next);
    return next[0]!;
  }

  #over({ time, batch, rows, places, continues, states, ends }: Sequences, x: Variable): Variable {
    this.#requireInput(x, 2, "(rows, inSize)");
    const steps = rows ? embedId(rows, x) : x;
    if (steps.shape[0] !== time * batch) {
      throw new ShapeError(
        `${this.constructor.name}: sequences of ${time} steps, ${batch} side by side, must have ${time * batch} rows; got x ${formatShape(x.shape)}.`,
      );
    }
    const xs = reshape(steps, [time, batch, this.inSize]);
    const { ys, state } = this.sequence(xs, states?.get(this) ?? null, continues ?? null);
    ends?.set(this, state);
    const outputs = reshape(ys, [time * batch, this.units]);
    return places ? embedId(places, outputs) : outputs;
  }

  /** The layer's own state; null before the first step. */
  get state(): RecurrentState | null {
    const state = this.#state;
    if (!state || state[0]!.isAlive) return state;
    // copies: what is kept is overwritten by the next step, and a graph may still want to read it
    return this.#keptFor(state[0]!.shape).map((part) => {
      const copy = allocateVariable(part.shape);
      backend().families.copy(part.size, part.address, copy.address, false);
      return copy;
    });
  }

  /** Goes on from a given state. */
  setState(state: RecurrentState): void {
    const kept = this.#keptFor(state[0]!.shape);
    state.forEach((part, i) => {
      backend().families.copy(part.size, part.address, kept[i]!.address, false);
    });
    this.#state = state;
  }

  #keptFor(shape: Shape): readonly Variable[] {
    let kept = this.#kept.get(shape);
    if (!kept?.every(({ isAlive }) => isAlive)) {
      kept = Array.from({ length: this.stateParts }, () => persistent(shape));
      this.#kept.set(shape, kept);
    }
    return kept;
  }

  /** Forgets the state: an episode begins. */
  resetState(): void {
    this.#state = null;
  }

  #requireInput(x: Variable, rank: number, form: string): void {
    if (x.shape.length === rank && x.shape[rank - 1] === this.inSize) return;
    throw new ShapeError(
      `${this.constructor.name}: x must be ${form} with inSize ${this.inSize}; got ${formatShape(x.shape)}.`,
    );
  }
}
