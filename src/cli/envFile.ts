/** Environments in a file of the user's: `--env ./my-env.ts`. */
import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type Env, listEnvs, make, register, spec } from "../envs/node.ts";
import { UsageError } from "../errors.ts";

/** Whether what was typed after `--env` names a file and no id. */
export const isEnvFile = (env: string): boolean => /^\.{0,2}[\\/]|\.[cm]?[jt]s$/.test(env);

export type EnvKwargs = Readonly<Record<string, unknown>>;

export interface EnvFile {
  /** What its default export is, for programs that import it. */
  readonly exported: "class" | "factory" | "id";
  /** The id it is registered under. */
  readonly id: string;
}

/**
 * Runs a module, TypeScript or not, and registers the environment it exports by default: a class, a factory (called
 * with the keyword arguments), or an id that it registered itself. Its `import … from "kusari"` gives this very
 * library.
 *
 * @throws UsageError when the file is not there, cannot be run, or exports something else
 */
export async function loadEnvFile(where: string, file: string): Promise<EnvFile> {
  if (!existsSync(file)) {
    throw new UsageError(`${where}: --env must be an environment's id or a file; got ${file}, which is not there.`);
  }
  const [{ createJiti }, kusari] = await Promise.all([import("jiti"), import("../index.ts")]);
  const jiti = createJiti(pathToFileURL(path.resolve("env")).href, { virtualModules: { kusari } });
  let exported: unknown;
  try {
    exported = (await jiti.import<{ default?: unknown }>(path.resolve(file))).default;
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new UsageError(`${where}: ${file} must be a module that runs; it failed with ${reason}`, { cause: error });
  }
  if (typeof exported === "string" && listEnvs().includes(exported)) return { exported: "id", id: spec(exported).id };
  if (typeof exported !== "function") {
    throw new UsageError(
      `${where}: ${file} must export by default a class of environments, a function that makes one, or an id that it ` +
        `registered; got ${typeof exported === "string" ? `the id ${exported}` : describe(exported)}.`,
    );
  }
  const isClass = typeof exported.prototype?.step === "function";
  const makeEnv = (kwargs: EnvKwargs): Env =>
    isClass ? Reflect.construct(exported, [kwargs]) : (exported as (kwargs: EnvKwargs) => Env)(kwargs);
  // the prefix keeps it apart from other environments of that name
  const id = `file:${path.parse(file).name.replaceAll(/[^\w.-]/g, "_")}`;
  register({ id, entryPoint: (kwargs: EnvKwargs) => checked(where, file, makeEnv(kwargs)) });
  make(id).close();
  return { exported: isClass ? "class" : "factory", id };
}

/** The URL of a module that registers the environment of a file in an actor's thread. */
export const actorModuleOf = (file: string): string => {
  const url = new URL("./actorEnvFile.js", import.meta.url);
  url.search = encodeURIComponent(path.resolve(file));
  return url.href;
};

/** What was made, where it has what an environment needs. */
function checked(where: string, file: string, env: Env): Env {
  const needed = ["observationSpace", "actionSpace", "reset", "step", "saveState", "loadState"] as const;
  const missing = needed.filter((name) => env?.[name] === undefined);
  if (missing.length === 0) return env;
  throw new UsageError(
    `${where}: what ${file} makes must have ${needed.join(", ")}; got ${describe(env)} without ${missing.join(", ")}. ` +
      "Extend Env of kusari.",
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return typeof value === "object" ? `an object of class ${value.constructor?.name ?? "none"}` : `a ${typeof value}`;
}
