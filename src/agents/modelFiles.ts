/** What `agent.save` writes: a safetensors file a network and one for the optimizer. */
import {
  decodeSafetensors,
  deserializeLink,
  encodeSafetensors,
  Optimizer,
  serializeLink,
  type TensorHolder,
} from "../autograd/index.ts";
import { DeviceError, UsageError } from "../errors.ts";
import type { ModelPlace } from "./agent.ts";

/** Networks, and what stands beside them. */
type Models = Readonly<Record<string, TensorHolder>>;
/** One, in `optimizer.safetensors`, or several by the names of their files. */
type Optimizers = Optimizer | Readonly<Record<string, Optimizer>>;

const named = (optimizers: Optimizers): [name: string, optimizer: Optimizer][] =>
  optimizers instanceof Optimizer ? [["optimizer", optimizers]] : Object.entries(optimizers);

const format = "kusari-model-1";

/** Node's and Deno's own modules, asked for while running: a bundle for a page has none of them. */
function builtins(where: string) {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  const builtin = process?.getBuiltinModule;
  if (!builtin) {
    throw new UsageError(
      `${where}: a directory must be in a file system; got a page, which has none. Pass a Map, whose entries are files.`,
    );
  }
  return { fs: builtin("node:fs/promises"), path: builtin("node:path") };
}

/** Writes a file whole or not at all: under another name first. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const { rename, rm, writeFile } = builtins("save").fs;
  const temporary = `${path}.tmp`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new DeviceError(
      `save: ${path} must be writable; got ${(cause as Error).message}. Free some space or choose another directory.`,
      { cause },
    );
  }
}

/** @returns what writes one file there */
async function writerTo(place: ModelPlace): Promise<(name: string, bytes: Uint8Array) => Promise<void>> {
  if (typeof place !== "string") {
    return async (name, bytes) => {
      place.set(name, bytes);
    };
  }
  const { fs, path } = builtins("save");
  try {
    await fs.mkdir(place, { recursive: true });
  } catch (cause) {
    throw new DeviceError(
      `save: the directory ${place} must be writable; got ${(cause as Error).message}. Choose another directory.`,
      { cause },
    );
  }
  return (name, bytes) => writeWhole(path.join(place, name), bytes);
}

export async function writeModels(
  place: ModelPlace,
  agent: string,
  models: Models,
  optimizers: Optimizers,
): Promise<void> {
  const write = await writerTo(place);
  for (const [name, link] of Object.entries(models)) {
    await write(`${name}.safetensors`, serializeLink(link, { format, agent }));
  }
  for (const [file, optimizer] of named(optimizers)) {
    const { t, statistics } = optimizer.saveState();
    const tensors = Object.entries(statistics).map(([name, data]) => [name, { shape: [data.length], data }]);
    const bytes = encodeSafetensors(Object.fromEntries(tensors), { format, agent, t: String(t) });
    await write(`${file}.safetensors`, bytes);
  }
}

/** @throws UsageError where there is no such file */
async function readFrom(place: ModelPlace, file: string, agent: string): Promise<Uint8Array> {
  if (typeof place !== "string") {
    const bytes = place.get(file);
    if (bytes) return bytes;
    const names = [...place.keys()].join(", ") || "nothing";
    throw new UsageError(
      `load: the Map must hold ${file}, as ${agent}.save fills it; got ${names}. Save into it first.`,
    );
  }
  const { fs, path } = builtins("load");
  const whole = path.join(place, file);
  try {
    return await fs.readFile(whole);
  } catch (cause) {
    throw new UsageError(
      `load: ${whole} must be a file that ${agent}.save wrote; got ${(cause as Error).message}. Check the directory.`,
      { cause },
    );
  }
}

export async function readModels(
  place: ModelPlace,
  agent: string,
  models: Models,
  optimizers: Optimizers,
): Promise<void> {
  // everything is read before anything is changed
  const files = new Map<string, Uint8Array>();
  for (const name of [...Object.keys(models), ...named(optimizers).map(([file]) => file)]) {
    files.set(name, await readFrom(place, `${name}.safetensors`, agent));
  }
  const states = named(optimizers).map(([file, optimizer]) => {
    const { tensors, metadata } = decodeSafetensors(files.get(file)!);
    if (metadata.agent !== agent) {
      throw new UsageError(
        `load: ${typeof place === "string" ? place : "the Map"} must hold a saved ${agent}; got ${metadata.agent ?? "files of another program"}. Build that agent.`,
      );
    }
    const statistics = Object.fromEntries(
      Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array]),
    );
    return { optimizer, t: Number(metadata.t), statistics };
  });
  for (const [name, link] of Object.entries(models)) deserializeLink(files.get(name)!, link);
  for (const { optimizer, t, statistics } of states) optimizer.loadState({ t, statistics });
}
