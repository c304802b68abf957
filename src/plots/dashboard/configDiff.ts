/** The configuration of a run against another one, value by value. */

type Values = Readonly<Record<string, unknown>>;

/** What a run was told, as far as it can differ from another run. */
export interface ComparedConfig {
  readonly settings: Values;
  readonly hyperparameters: Values;
  readonly envKwargs: Values;
}

export interface ConfigDifference {
  readonly name: string;
  readonly value: string;
  readonly other: string;
}

/** A value as it is typed. */
const textOf = (value: unknown): string => {
  if (value === undefined) return "–";
  if (value === null) return "none";
  if (Array.isArray(value) && value.every((x) => typeof x !== "object")) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

const flat = ({ settings, hyperparameters, envKwargs }: ComparedConfig): Map<string, unknown> =>
  new Map([
    ...Object.entries(hyperparameters),
    ...Object.entries(settings),
    ...Object.entries(envKwargs).map(([name, value]) => [`env.${name}`, value] as const),
  ]);

/** The names whose values are not the same, those of hyperparameters first. */
export function configDiff(config: ComparedConfig, other: ComparedConfig): ConfigDifference[] {
  const [mine, theirs] = [flat(config), flat(other)];
  const names = [...new Set([...mine.keys(), ...theirs.keys()])];
  return names.flatMap((name) => {
    const [value, before] = [textOf(mine.get(name)), textOf(theirs.get(name))];
    return value === before ? [] : [{ name, value, other: before }];
  });
}

/** Everything, for the list of all values. */
export const configValues = (config: ComparedConfig): { name: string; value: string }[] =>
  [...flat(config)].map(([name, value]) => ({ name, value: textOf(value) }));
