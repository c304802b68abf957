/** What a sweep searches: ranges and lists of values, each mapped to the interval from 0 to 1. */
import { type Hyperparameter, type HyperparameterSchema, misfit } from "../../agents/hyperparameters.ts";
import { nearest, UsageError } from "../../errors.ts";

/** Numbers between two bounds, both inclusive. */
export interface RangeDimension {
  readonly name: string;
  readonly kind: "range";
  readonly low: number;
  readonly high: number;
  /** Whether their logarithms are searched evenly. */
  readonly isLog: boolean;
  readonly isWhole: boolean;
  /** How many of them a grid has. */
  readonly points: number;
}
/** A few values. */
export interface ChoiceDimension {
  readonly name: string;
  readonly kind: "choice";
  readonly values: readonly unknown[];
}
export type Dimension = RangeDimension | ChoiceDimension;

/** A value for each dimension, by name. */
export type Values = Readonly<Record<string, unknown>>;

/** Points of a range in a grid, unless said otherwise. */
const usualPoints = 3;

/** The place of a number in its range, 0 … 1. */
export function placeOf({ low, high, isLog }: RangeDimension, value: number): number {
  if (high === low) return 0.5;
  return isLog ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** The number at a place; to four digits, so that a configuration can be typed. */
export function valueAt({ low, high, isLog, isWhole }: RangeDimension, place: number): number {
  const raw = isLog ? low * (high / low) ** place : low + (high - low) * place;
  const value = isWhole ? Math.round(raw) : Number(raw.toPrecision(4));
  return Math.min(high, Math.max(low, value));
}

/** The values of a dimension in a grid. */
export function gridValues(dimension: Dimension): readonly unknown[] {
  if (dimension.kind === "choice") return dimension.values;
  const { points } = dimension;
  const places = points === 1 ? [0.5] : Array.from({ length: points }, (_, i) => i / (points - 1));
  return [...new Set(places.map((place) => valueAt(dimension, place)))];
}

/** How many configurations a grid has. */
export const gridSize = (dimensions: readonly Dimension[]): number =>
  dimensions.reduce((size, dimension) => size * gridValues(dimension).length, 1);

/** The n-th configuration of a grid, the last dimension running fastest. */
export function gridAt(dimensions: readonly Dimension[], n: number): Values {
  let rest = n;
  const entries = dimensions.toReversed().map((dimension) => {
    const values = gridValues(dimension);
    const value = values[rest % values.length];
    rest = Math.floor(rest / values.length);
    return [dimension.name, value] as const;
  });
  return Object.fromEntries(entries.reverse());
}

const numberPattern = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

/** `log:1e-5..1e-2`, `0.9..0.999:5` */
function rangeOf(where: string, name: string, text: string, declaration: Hyperparameter<unknown>): RangeDimension {
  const [, log, low = "", high = "", points] = /^(log:)?(.+?)\.\.(.+?)(?::(\d+))?$/.exec(text) ?? [];
  const refuse = (must: string) =>
    new UsageError(`${where}: --search ${name} ${must}; got ${text}. Write --search ${name}=log:1e-4..1e-2.`);
  if (declaration.kind !== "number" && declaration.kind !== "integer") {
    throw new UsageError(
      `${where}: --search ${name} must list values, as ${name} is no number; got ${text}. Write --search ${name}=A|B.`,
    );
  }
  if (!numberPattern.test(low) || !numberPattern.test(high)) throw refuse("must be a range of two numbers");
  const [from, to] = [Number(low), Number(high)];
  if (!(from <= to)) throw refuse("must go from the smaller number to the larger one");
  if (log !== undefined && !(from > 0)) throw refuse("must begin above 0 where its logarithm is searched");
  if (points !== undefined && Number(points) < 1) throw refuse("must have at least one point");
  for (const value of [from, to]) {
    const reason = misfit(declaration, value);
    if (reason) throw new UsageError(`${where}: --search ${name} ${reason}; got ${value}. ${declaration.meaning}.`);
  }
  return {
    name,
    kind: "range",
    low: from,
    high: to,
    isLog: log !== undefined,
    isWhole: declaration.kind === "integer",
    points: points === undefined ? usualPoints : Number(points),
  };
}

/** A value as it is typed, for a declaration. */
function typedValue(text: string, { kind, optional }: Hyperparameter<unknown>): unknown {
  const word = text.trim();
  if (optional && word === "none") return null;
  const number = (part: string) => (numberPattern.test(part.trim()) ? Number(part) : part);
  if (kind === "integers") return word === "" ? [] : word.split(",").map(number);
  if (kind === "boolean") return word === "true" ? true : word === "false" ? false : word;
  return kind === "choice" ? word : number(word);
}

/** `0.95,0.99`, and of lists `64,64|128,128` */
function choiceOf(where: string, name: string, text: string, declaration: Hyperparameter<unknown>): ChoiceDimension {
  const separator = declaration.kind === "integers" || text.includes("|") ? "|" : ",";
  const values = text.split(separator).map((word) => typedValue(word, declaration));
  for (const value of values) {
    const reason = misfit(declaration, value);
    if (!reason) continue;
    const got = value === "" ? "nothing" : String(value);
    throw new UsageError(`${where}: --search ${name} ${reason}; got ${got}. ${declaration.meaning}.`);
  }
  return { name, kind: "choice", values };
}

/**
 * What a word after `--search` says: `learningRate=log:1e-4..1e-2`, `gamma=0.95,0.99`, `hiddenSizes=64,64|128,128`.
 * @throws UsageError for anything else, an unknown hyperparameter, and values outside of its declaration
 */
export function parseSearch(where: string, text: string, schema: HyperparameterSchema): Dimension {
  const [, typed = "", values] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (values === undefined) {
    throw new UsageError(
      `${where}: --search must be a hyperparameter and its values; got ${text || "nothing"}. Write --search learningRate=log:1e-4..1e-2.`,
    );
  }
  // learning-rate is learningRate
  const name = typed.trim().replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const declaration = schema[name];
  if (!declaration) {
    const near = nearest(name, Object.keys(schema));
    throw new UsageError(
      `${where}: --search must name a hyperparameter, of ${Object.keys(schema).join(", ")}; got ${name}.` +
        (near ? ` Did you mean ${near}?` : " Check its spelling."),
    );
  }
  return values.includes("..") ? rangeOf(where, name, values, declaration) : choiceOf(where, name, values, declaration);
}

/** A dimension as `--search` takes it. */
export function searchText(dimension: Dimension): string {
  const { name } = dimension;
  if (dimension.kind === "choice") {
    const isLists = dimension.values.some(Array.isArray);
    return `${name}=${dimension.values.map((value) => (value === null ? "none" : String(value))).join(isLists ? "|" : ",")}`;
  }
  const { low, high, isLog, points } = dimension;
  return `${name}=${isLog ? "log:" : ""}${low}..${high}${points === usualPoints ? "" : `:${points}`}`;
}

/** What is searched where nothing is said: every hyperparameter that has a range beside its default. */
export const usualSearch = (schema: HyperparameterSchema): Dimension[] =>
  Object.entries(schema).flatMap(([name, { search, kind }]): Dimension[] => {
    if (!search) return [];
    const { low, high, scale } = search;
    const isWhole = kind === "integer";
    return [{ name, kind: "range", low, high, isLog: scale === "log", isWhole, points: usualPoints }];
  });
