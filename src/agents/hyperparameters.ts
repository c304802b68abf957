/**
 * The one place where a hyperparameter is declared: its default, its meaning and where the default comes from.
 * A declaration feeds the agent's constructor, the command line's flags and help, config files and the docs.
 */
import { nearest, UsageError } from "../errors.ts";

export type HyperparameterKind = "number" | "integer" | "boolean" | "choice" | "integers";

/** Between which numbers a sweep looks for good values. */
export interface SearchRange {
  readonly low: number;
  readonly high: number;
  /** "log": evenly in the logarithm. */
  readonly scale: "linear" | "log";
}

/** Ranges that several agents search. */
export const searchRanges = {
  stepSize: { low: 1e-5, high: 1e-2, scale: "log" },
  discount: { low: 0.9, high: 0.999, scale: "linear" },
  share: { low: 1e-3, high: 0.1, scale: "log" },
  entropy: { low: 1e-4, high: 0.1, scale: "log" },
  minibatch: { low: 16, high: 256, scale: "log" },
} as const satisfies Readonly<Record<string, SearchRange>>;

export interface Hyperparameter<T> {
  readonly value: T;
  readonly meaning: string;
  readonly source: string;
  readonly kind: HyperparameterKind;
  /** Smallest and largest value allowed, both inclusive. */
  readonly min: number;
  readonly max: number;
  /** For kind "choice": the words allowed. */
  readonly choices: readonly string[];
  /** Whether null ("none" on the command line) is allowed. */
  readonly optional: boolean;
  /** What a sweep searches that is told nothing else; undefined where the default should do. */
  readonly search?: SearchRange;
}

interface Limits {
  min?: number;
  max?: number;
  search?: SearchRange;
}

export type HyperparameterSchema = Readonly<Record<string, Hyperparameter<unknown>>>;

/** The values of a schema: `{gamma: number, hiddenSizes: readonly number[], …}`. */
export type HyperparameterValues<S extends HyperparameterSchema> = { -readonly [K in keyof S]: S[K]["value"] };

function declare<T>(kind: HyperparameterKind, value: T, meaning: string, source: string, more: object = {}) {
  const plain = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY, choices: [], optional: false };
  return { ...plain, ...more, value, meaning, source, kind } as Hyperparameter<T>;
}

/** A real number. */
export const hp = (value: number, meaning: string, source: string, limits: Limits = {}): Hyperparameter<number> =>
  declare("number", value, meaning, source, limits);

/** A real number or null for "none". */
hp.optional = (
  value: number | null,
  meaning: string,
  source: string,
  limits: Limits = {},
): Hyperparameter<number | null> => declare("number", value, meaning, source, { ...limits, optional: true });

/** A whole number. */
hp.integer = (value: number, meaning: string, source: string, limits: Limits = { min: 1 }): Hyperparameter<number> =>
  declare("integer", value, meaning, source, limits);

/** A list of whole numbers, such as layer sizes. */
hp.integers = (
  value: readonly number[],
  meaning: string,
  source: string,
  limits: Limits = { min: 1 },
): Hyperparameter<readonly number[]> => declare("integers", value, meaning, source, limits);

hp.boolean = (value: boolean, meaning: string, source: string): Hyperparameter<boolean> =>
  declare("boolean", value, meaning, source);

/** One of a few words. */
hp.choice = <const C extends readonly string[]>(
  choices: C,
  value: C[number],
  meaning: string,
  source: string,
): Hyperparameter<C[number]> => declare("choice", value, meaning, source, { choices });

/** The defaults of a schema. */
export function defaultsOf<S extends HyperparameterSchema>(schema: S): HyperparameterValues<S> {
  return Object.fromEntries(
    Object.entries(schema).map(([name, { value }]) => [name, value]),
  ) as HyperparameterValues<S>;
}

function expectation({ kind, min, max, choices, optional }: Hyperparameter<unknown>): string {
  const range =
    Number.isFinite(min) && Number.isFinite(max)
      ? ` between ${min} and ${max}`
      : Number.isFinite(min)
        ? ` of at least ${min}`
        : Number.isFinite(max)
          ? ` of at most ${max}`
          : "";
  const what = {
    number: `a number${range}`,
    integer: `a whole number${range}`,
    integers: `a list of whole numbers${range}`,
    boolean: "true or false",
    choice: `one of ${choices.join(", ")}`,
  }[kind];
  return optional ? `${what}, or none` : what;
}

/** Why a value does not fit its declaration ("must be a whole number of at least 1"), or null when it does. */
export function misfit(declaration: Hyperparameter<unknown>, value: unknown): string | null {
  const { kind, min, max, choices, optional } = declaration;
  const inRange = (x: unknown) => typeof x === "number" && x >= min && x <= max;
  const fits =
    (optional && value === null) ||
    (kind === "number" && inRange(value)) ||
    (kind === "integer" && Number.isInteger(value) && inRange(value)) ||
    (kind === "integers" && Array.isArray(value) && value.every((x) => Number.isInteger(x) && inRange(x))) ||
    (kind === "boolean" && typeof value === "boolean") ||
    (kind === "choice" && choices.includes(value as string));
  return fits ? null : `must be ${expectation(declaration)}`;
}

/**
 * The defaults with the given values over them.
 * @throws UsageError for an unknown name (with a suggestion) or a value outside its declaration.
 */
export function resolveHyperparameters<S extends HyperparameterSchema>(
  where: string,
  schema: S,
  given: Partial<HyperparameterValues<S>>,
): HyperparameterValues<S> {
  const values = defaultsOf(schema);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const declaration = schema[name];
    if (!declaration) {
      const near = nearest(name, Object.keys(schema));
      throw new UsageError(
        `${where}: unknown hyperparameter ${name}; known are ${Object.keys(schema).join(", ")}.` +
          (near ? ` Did you mean ${near}?` : " Check its spelling."),
      );
    }
    const reason = misfit(declaration, value);
    if (reason) throw new UsageError(`${where}: ${name} ${reason}; got ${String(value)}. ${declaration.meaning}.`);
    values[name as keyof S] = value as never;
  }
  return values;
}
