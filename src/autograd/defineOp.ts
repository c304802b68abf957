/**
 * Operations that are one expression: elementwise maps, and reductions and normalisations along rows. A definition is
 * a name, the inputs' names, a formula and a sample input; the gradients of every order, the kernels of every backend
 * and the tests come from it.
 */
import { nearest, ShapeError, UsageError } from "../errors.ts";
import { backend, type InputKind, maxPointers, maxScalars } from "../kernel/backend.ts";
import { Expression, input, scalar, topological } from "../kernel/expression.ts";
import { sizeOf } from "../kernel/strides.ts";
import { type Domain, domainOf, type GradientRule, KernelFunction } from "./kernelFunction.ts";
import { broadcastTo } from "./ops/broadcastTo.ts";
import "./ops/sums.ts";
import { formatShape, full, internShape, type Shape, Variable } from "./variable.ts";

type Leaves<Names extends readonly string[]> = { readonly [K in Names[number]]: Expression };

export interface OpDefinition<Inputs extends readonly string[], Scalars extends readonly string[]> {
  readonly name: string;
  readonly inputs: Inputs;
  /** Inputs with one value per row, `(…rows)`, beside inputs of shape `(…rows, cols)`. */
  readonly perRow?: readonly Inputs[number][];
  /** Numbers passed with each call, behind the inputs. */
  readonly scalars?: Scalars;
  /** The formula. A result at row level has one value per row: the row's axes are gone. */
  readonly forward: (leaves: Leaves<Inputs> & Leaves<Scalars>) => Expression;
  /** Overrides the derived gradient where that is long or unstable; its own derivative is derived again. */
  readonly backward?: (
    leaves: Leaves<Inputs> & Leaves<Scalars> & { readonly y: Expression; readonly gy: Expression },
  ) => { readonly [K in Inputs[number]]?: Expression };
  /** Shapes (and numbers) that the gradient and parity tests use; `positive` or `range` where the formula needs it. */
  readonly sample: { readonly [K in Inputs[number]]: readonly number[] } & { readonly [K in Scalars[number]]: number };
  /** The interval sample inputs are drawn from; [-2, 2] unless given. */
  readonly sampleRange?: readonly [number, number];
  /** Set where the function is piecewise constant: its gradient is zero. */
  readonly hasNoGradient?: boolean;
}

/** A defined operation: inputs, then numbers, then how many trailing axes form a row (1 unless given). */
export type Op<Inputs extends readonly string[], Scalars extends readonly string[]> = ((
  ...args: [
    ...{ [K in keyof Inputs]: Variable | number },
    ...{ [K in keyof Scalars]: number },
    ...([] | [rowAxes: number]),
  ]
) => Variable) & { readonly definition: OpDefinition<Inputs, Scalars> };

/** Any defined operation. */
export interface AnyOp {
  // biome-ignore lint/suspicious/noExplicitAny: how many inputs and numbers it takes, only its definition tells
  (...args: any[]): Variable;
  readonly definition: {
    readonly name: string;
    readonly inputs: readonly string[];
    readonly perRow?: readonly string[];
    readonly scalars?: readonly string[];
    // biome-ignore lint/suspicious/noExplicitAny: see above
    readonly forward: (leaves: any) => Expression;
    // biome-ignore lint/suspicious/noExplicitAny: see above
    readonly backward?: (leaves: any) => any;
    readonly sample: Readonly<Record<string, readonly number[] | number>>;
    readonly sampleRange?: readonly [number, number];
    readonly hasNoGradient?: boolean;
  };
}

/** How a call with inputs of certain shapes runs; made once and kept. */
interface Plan {
  readonly shapes: readonly Shape[];
  readonly rowAxes: number;
  readonly domain: Domain;
  readonly run: KernelFunction;
  /** Inputs that no layout fits are expanded to the domain's shape first. */
  readonly expand: readonly boolean[] | null;
}

/** An input's layout over a domain whose rows begin at axis `split`, or null where it has to be expanded. */
function kindFor(shape: Shape, whole: Shape, split: number): InputKind | null {
  if (shape === whole) return "element";
  if (sizeOf(shape) === 1) return "scalar";
  const offset = whole.length - shape.length;
  const dim = (axis: number) => (axis < offset ? 1 : shape[axis - offset]!);
  const covers = (from: number, to: number) => {
    for (let axis = from; axis < to; axis++) if (dim(axis) !== whole[axis]) return false;
    return true;
  };
  const isOnes = (from: number, to: number) => {
    for (let axis = from; axis < to; axis++) if (dim(axis) !== 1) return false;
    return true;
  };
  if (isOnes(0, split) && covers(split, whole.length)) return "column";
  if (covers(0, split) && isOnes(split, whole.length)) return "row";
  return null;
}

function broadcasts(shape: Shape, whole: Shape): boolean {
  const offset = whole.length - shape.length;
  return offset >= 0 && shape.every((n, i) => n === 1 || n === whole[i + offset]);
}

/** @throws UsageError for names that a formula could not tell apart, and for more of them than a kernel takes */
function requireDefinition({ name, inputs, perRow = [], scalars = [], backward }: AnyOp["definition"]): void {
  const list = (names: readonly string[]) => names.join(", ") || "none";
  const all = [...inputs, ...scalars];
  const doubled = all.find((x, i) => all.indexOf(x) < i);
  if (doubled !== undefined) {
    throw new UsageError(`${name}: inputs and scalars must have different names; got ${doubled} twice.`);
  }
  const reserved = backward && all.find((x) => x === "y" || x === "gy");
  if (reserved !== undefined) {
    throw new UsageError(
      `${name}: where backward is given, y and gy must stay free for the output and its gradient; got ${list(all)}. Rename ${reserved}.`,
    );
  }
  if (inputs.length >= maxPointers || scalars.length > maxScalars) {
    throw new UsageError(
      `${name}: an operation must have at most ${maxPointers - 1} inputs and ${maxScalars} scalars; got ` +
        `${inputs.length} and ${scalars.length}. Split it into two.`,
    );
  }
  const stray = perRow.find((x) => !inputs.includes(x));
  if (stray !== undefined) {
    throw new UsageError(`${name}: perRow must name inputs, of ${list(inputs)}; got ${stray}.`);
  }
  if (perRow.length >= inputs.length) {
    throw new UsageError(
      `${name}: at least one input must have whole rows; got inputs ${list(inputs)} and perRow ${list(perRow)}.`,
    );
  }
}

/** What a formula reads by name; a name that is none of them raises. */
function readable<T extends object>(name: string, leaves: T): T {
  return new Proxy(leaves, {
    get(target, key, receiver) {
      if (typeof key === "symbol" || key in target) return Reflect.get(target, key, receiver);
      const known = Object.keys(target);
      const meant = nearest(key, known);
      throw new UsageError(
        `${name}: the formula must read names among ${known.join(", ")}; got ${key}.${meant ? ` Did you mean ${meant}?` : ""}`,
      );
    },
  });
}

/** @throws UsageError unless a formula gave an Expression of its own leaves */
function requireFormula(name: string, what: string, y: unknown, leaves: readonly Expression[]): void {
  if (!(y instanceof Expression)) {
    const got =
      y === undefined ? "nothing" : y === null ? "null" : typeof y === "number" ? `the number ${y}` : typeof y;
    throw new UsageError(`${name}: ${what} must give an Expression of its inputs; got ${got}. Return one.`);
  }
  const own = new Set(leaves);
  const foreign = topological([y]).find((x) => (x.kind === "input" || x.kind === "scalar") && !own.has(x));
  if (foreign) {
    throw new UsageError(
      `${name}: ${what} must be made of the inputs and scalars it is given; got ${foreign.kind} ${foreign.value} of another kernel.`,
    );
  }
}

export function defineOp<const Inputs extends readonly string[], const Scalars extends readonly string[] = []>(
  definition: OpDefinition<Inputs, Scalars>,
): Op<Inputs, Scalars> {
  const { name, inputs: inputNames } = definition;
  requireDefinition(definition);
  const scalarNames: readonly string[] = definition.scalars ?? [];
  const count = inputNames.length;
  const isPerRow = inputNames.map((x) => definition.perRow?.includes(x) ?? false);
  const functions = new Map<string, KernelFunction>();
  const plans = new Map<string, Plan>();
  let last: Plan | undefined;

  const named = (leaves: readonly Expression[]): Leaves<Inputs> & Leaves<Scalars> =>
    Object.fromEntries([
      ...inputNames.map((x, i) => [x, leaves[i]!]),
      ...scalarNames.map((x, i) => [x, scalar(i)]),
    ]) as Leaves<Inputs> & Leaves<Scalars>;

  const rule: GradientRule | null = definition.backward
    ? (y, gy, leaves) => {
        const all = { ...named(leaves), y, gy };
        const gradients = definition.backward!(readable(name, all)) as Record<string, unknown>;
        const stray = Object.keys(gradients ?? {}).find((x) => !inputNames.includes(x));
        if (typeof gradients !== "object" || gradients === null || stray !== undefined) {
          throw new UsageError(
            `${name}: backward must give gradients by the names of inputs, ${inputNames.join(", ")}; got ${stray ?? String(gradients)}.`,
          );
        }
        return inputNames.map((x) => {
          const gx = gradients[x];
          if (gx === undefined) return null;
          requireFormula(name, `backward's ${x}`, gx, Object.values(all));
          return gx as Expression;
        });
      }
    : null;

  const functionFor = (kinds: readonly InputKind[]): KernelFunction => {
    const key = kinds.join();
    let found = functions.get(key);
    if (!found) {
      const leaves = kinds.map((kind, i) => input(i, kind === "element" || kind === "column" ? "element" : "row"));
      const all = named(leaves);
      const y = definition.forward(readable(name, all));
      requireFormula(name, "forward", y, Object.values(all));
      found = new KernelFunction(name, kinds, y, rule);
      functions.set(key, found);
    }
    return found;
  };

  const shapeError = (shapes: readonly Shape[], must: string): ShapeError => {
    const got = inputNames.map((x, i) => `${x} ${formatShape(shapes[i]!)}`).join(" and ");
    return new ShapeError(`${name}: ${must}; got ${got}. Reshape or broadcastTo one of them first.`);
  };

  const makePlan = (shapes: readonly Shape[], rowAxes: number): Plan => {
    const whole = shapes.reduce(
      (a, b, i) => (isPerRow[i] ? a : broadcasts(a, b) ? b : a),
      shapes[isPerRow.indexOf(false)]!,
    );
    if (whole.length < rowAxes && usesRows) {
      throw shapeError(shapes, `inputs must have at least ${rowAxes} axes, the last ${rowAxes} form a row`);
    }
    shapes.forEach((shape, i) => {
      if (isPerRow[i]) {
        if (shape !== internShape(whole.slice(0, whole.length - rowAxes))) {
          throw shapeError(shapes, `${inputNames[i]} must have one value per row of ${formatShape(whole)}`);
        }
      } else if (!broadcasts(shape, whole)) {
        throw shapeError(shapes, "one input must broadcast to the shape of the other");
      }
    });
    // elementwise formulas may split the axes into rows and columns wherever the inputs' layouts ask for it
    let split = whole.length - rowAxes;
    const layout = (at: number) =>
      shapes.map((shape, i) => (isPerRow[i] ? ("row" as const) : kindFor(shape, whole, at)));
    if (!usesRows) {
      const misfits = (at: number) => layout(at).filter((kind) => kind === null).length;
      for (let at = 0; at <= whole.length; at++) if (misfits(at) < misfits(Math.max(split, 0))) split = at;
    }
    const found = layout(split);
    const kinds = found.map((kind) => kind ?? ("element" as const));
    const run = functionFor(kinds);
    const flat = !usesRows && kinds.every((kind) => kind === "element" || kind === "scalar");
    const domain = flat
      ? { shape: whole, rowShape: internShape([]), rows: 1, cols: sizeOf(whole) }
      : domainOf(whole, whole.length - split);
    const expand = found.some((kind) => kind === null) ? found.map((kind) => kind === null) : null;
    return { shapes: [...shapes], rowAxes, domain, run, expand };
  };

  const allElement = inputNames.map((_, i): InputKind => (isPerRow[i] ? "row" : "element"));
  const usesRows =
    isPerRow.includes(true) ||
    topological([functionFor(allElement).y]).some(
      ({ kind }) => kind === "rowSum" || kind === "rowMax" || kind === "colIndex" || kind === "rowLen",
    );

  const apply = (...args: (Variable | number)[]): Variable => {
    const inputs: Variable[] = new Array(count);
    for (let i = 0; i < count; i++) {
      const x = args[i];
      if (x instanceof Variable) inputs[i] = x;
      else if (typeof x === "number") inputs[i] = full([], x);
      else {
        throw new UsageError(
          `${name}: ${inputNames[i]} must be a Variable or a number; got ${x === undefined ? "nothing" : typeof x}. Make one with variable(…).`,
        );
      }
    }
    const rowAxes = (args[count + scalarNames.length] as number | undefined) ?? 1;
    let plan = last;
    let hit = plan !== undefined && plan.rowAxes === rowAxes;
    for (let i = 0; hit && i < count; i++) hit = plan!.shapes[i] === inputs[i]!.shape;
    if (!hit) {
      const shapes = inputs.map((x) => x.shape);
      const key = `${rowAxes};${shapes.join(";")}`;
      plan = plans.get(key);
      if (!plan) {
        backend(); // shapes are checked on the device that will run
        plan = makePlan(shapes, rowAxes);
        plans.set(key, plan);
      }
      last = plan;
    }
    if (plan!.expand) {
      for (let i = 0; i < count; i++) if (plan!.expand[i]) inputs[i] = broadcastTo(inputs[i]!, plan!.domain.shape);
    }
    if (scalarNames.length === 0) return plan!.run.apply(inputs, plan!.domain);
    const scalars: number[] = new Array(scalarNames.length);
    for (let i = 0; i < scalarNames.length; i++) {
      const value = args[count + i];
      if (typeof value !== "number") {
        throw new UsageError(
          `${name}: ${scalarNames[i]} must be a number; got ${value === undefined ? "nothing" : "a Variable"}.`,
        );
      }
      scalars[i] = value;
    }
    return plan!.run.apply(inputs, plan!.domain, scalars);
  };

  return Object.assign(apply, { definition }) as unknown as Op<Inputs, Scalars>;
}
