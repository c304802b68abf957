/**
 * What a run is told, checked: one zod object is made from the train settings and an agent's hyperparameters, and
 * `train(config)`, flags, help and config files all go through it.
 */
import * as z from "zod/mini";
import {
  defaultsOf,
  type Hyperparameter,
  type HyperparameterSchema,
  type HyperparameterValues,
  misfit,
} from "../agents/hyperparameters.ts";
import { nearest, UsageError } from "../errors.ts";
import { type TrainSettings, trainSettings } from "./settings.ts";

/** The zod type of one declaration; every failure of it says what `misfit` says. */
function fieldOf(declaration: Hyperparameter<unknown>): z.ZodMiniType {
  const { kind, min, max, choices, optional } = declaration;
  const error = (issue: { input?: unknown }) => misfit(declaration, issue.input) ?? "must be finite";
  const number = (whole: boolean) => {
    const type = whole ? z.int({ error }) : z.number({ error });
    const limits = [
      ...(min > Number.NEGATIVE_INFINITY ? [z.gte(min, { error })] : []),
      ...(max < Number.POSITIVE_INFINITY ? [z.lte(max, { error })] : []),
    ];
    return type.check(...limits);
  };
  const types = {
    number: () => number(false),
    integer: () => number(true),
    integers: () => z.array(number(true), { error }),
    boolean: () => z.boolean({ error }),
    choice: () => z.enum(choices as [string, ...string[]], { error }),
  };
  const type: z.ZodMiniType = types[kind]();
  return z.optional(optional ? z.nullable(type) : type).check(z.describe(declaration.meaning));
}

/** A zod object of declarations: every key may be left out, an unknown one is refused. */
export function declarationsSchema(declarations: HyperparameterSchema): z.ZodMiniObject {
  const fields = Object.entries(declarations).map(([name, declaration]) => [name, fieldOf(declaration)]);
  return z.strictObject(Object.fromEntries(fields));
}

/**
 * The train settings and an agent's hyperparameters as one flat zod object: what can be typed as flags and written in
 * a config file. Every key may be left out; `splitConfig` parts the values again.
 *
 * @throws UsageError when an agent declares a hyperparameter under the name of a train setting.
 */
export function configSchema(hyperparameters: HyperparameterSchema): z.ZodMiniObject {
  for (const name of Object.keys(hyperparameters)) {
    if (name in trainSettings) {
      throw new UsageError(`train: a hyperparameter must not be named as a setting of train; got ${name}. Rename it.`);
    }
  }
  return declarationsSchema({ ...trainSettings, ...hyperparameters });
}

/** A value as it is shown in a message. */
function shown(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint" || value === undefined) return String(value);
  const text = typeof value === "function" ? "a function" : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** What an unknown key might have been meant for. */
function unknownKey(where: string, key: string, known: readonly string[]): UsageError {
  const near = nearest(key, known);
  const advice = near ? `Did you mean ${near}?` : "Check its spelling.";
  return new UsageError(`${where}: keys must be known ones (${known.join(", ")}); got ${key}. ${advice}`);
}

/**
 * Values checked against a schema of `configSchema` or `declarationsSchema`, those that are undefined left out.
 * @throws UsageError for the first unknown key (with a suggestion) or the first value outside its declaration.
 */
export function parseConfig(where: string, schema: z.ZodMiniObject, values: unknown): Record<string, unknown> {
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new UsageError(`${where}: settings must be an object; got ${shown(values)}. Write {name: value, …}.`);
  }
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  const parsed = schema.safeParse(Object.fromEntries(entries));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  if (issue.code === "unrecognized_keys") throw unknownKey(where, issue.keys[0]!, Object.keys(schema.shape));
  const name = String(issue.path[0]);
  const field = schema.shape[name] as z.ZodMiniType | undefined;
  const meaning = field && z.globalRegistry.get(field)?.description;
  const got = shown((values as Record<string, unknown>)[name]);
  throw new UsageError(`${where}: ${name} ${issue.message}; got ${got}.${meaning ? ` Meaning: ${meaning}.` : ""}`);
}

/** Values of a flat config parted into the train settings and the agent's hyperparameters. */
export function splitConfig(values: Readonly<Record<string, unknown>>): {
  settings: Partial<TrainSettings>;
  hyperparameters: Record<string, unknown>;
} {
  const parts = { settings: {} as Record<string, unknown>, hyperparameters: {} as Record<string, unknown> };
  for (const [name, value] of Object.entries(values)) {
    parts[name in trainSettings ? "settings" : "hyperparameters"][name] = value;
  }
  return parts as { settings: Partial<TrainSettings>; hyperparameters: Record<string, unknown> };
}

/** The values of a schema: its defaults, over them those of each layer in turn; undefined leaves the layer below. */
export function layered<S extends HyperparameterSchema>(
  schema: S,
  ...layers: readonly Readonly<Record<string, unknown>>[]
): HyperparameterValues<S> {
  const values: Record<string, unknown> = defaultsOf(schema);
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) if (value !== undefined) values[name] = value;
  }
  return values as HyperparameterValues<S>;
}
