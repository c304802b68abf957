/** What `agent.save` writes: a safetensors file a network and one for the optimizer. Node and Deno only. */
import {
  decodeSafetensors,
  deserializeLink,
  encodeSafetensors,
  type Link,
  Optimizer,
  serializeLink,
} from "../autograd/index.ts";
import { DeviceError, UsageError } from "../errors.ts";

type Models = Readonly<Record<string, Link>>;
/** One, in `optimizer.safetensors`, or several by the names of their files. */
type Optimizers = Optimizer | Readonly<Record<string, Optimizer>>;

const named = (optimizers: Optimizers): [name: string, optimizer: Optimizer][] =>
  optimizers instanceof Optimizer ? [["optimizer", optimizers]] : Object.entries(optimizers);

const format = "kusari-model-1";

/** Writes a file whole or not at all: under another name first. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const { rename, rm, writeFile } = await import("node:fs/promises");
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

export async function writeModels(
  directory: string,
  agent: string,
  models: Models,
  optimizers: Optimizers,
): Promise<void> {
  const { mkdir } = await import("node:fs/promises");
  const { join } = await import("node:path");
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    throw new DeviceError(
      `save: the directory ${directory} must be writable; got ${(cause as Error).message}. Choose another directory.`,
      { cause },
    );
  }
  for (const [name, link] of Object.entries(models)) {
    await writeWhole(join(directory, `${name}.safetensors`), serializeLink(link, { format, agent }));
  }
  for (const [file, optimizer] of named(optimizers)) {
    const { t, statistics } = optimizer.saveState();
    const tensors = Object.entries(statistics).map(([name, data]) => [name, { shape: [data.length], data }]);
    const bytes = encodeSafetensors(Object.fromEntries(tensors), { format, agent, t: String(t) });
    await writeWhole(join(directory, `${file}.safetensors`), bytes);
  }
}

export async function readModels(
  directory: string,
  agent: string,
  models: Models,
  optimizers: Optimizers,
): Promise<void> {
  const { readFile } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const read = async (name: string): Promise<Uint8Array> => {
    const path = join(directory, `${name}.safetensors`);
    try {
      return await readFile(path);
    } catch (cause) {
      throw new UsageError(
        `load: ${path} must be a file that ${agent}.save wrote; got ${(cause as Error).message}. Check the directory.`,
        { cause },
      );
    }
  };
  // everything is read before anything is changed
  const files = new Map<string, Uint8Array>();
  for (const name of [...Object.keys(models), ...named(optimizers).map(([file]) => file)]) {
    files.set(name, await read(name));
  }
  const states = named(optimizers).map(([file, optimizer]) => {
    const { tensors, metadata } = decodeSafetensors(files.get(file)!);
    if (metadata.agent !== agent) {
      throw new UsageError(
        `load: ${directory} must hold a saved ${agent}; got ${metadata.agent ?? "files of another program"}. Build that agent.`,
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
