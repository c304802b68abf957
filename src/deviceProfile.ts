/** What a device can do, measured once and remembered: how "auto" chooses, and what `rl devices` prints. */
import type { Backend } from "./kernel/backend.ts";
import { secondsOf } from "./kernel/secondsOf.ts";

export interface DeviceProfile {
  /** Of products of 256 by 256. */
  readonly gigaflops: number;
  /** Microseconds from one small launch to the next, many of them in a row. */
  readonly launchMicroseconds: number;
  /** Milliseconds until one number is here. */
  readonly readMilliseconds: number;
  /** Which tile is the fastest on this adapter, once it was tuned. */
  readonly tiles?: Readonly<Record<string, number>>;
}

/** Profiles by the name of what they are of. */
type Profiles = Readonly<Record<string, DeviceProfile>>;

/** Node's modules where there is Node (or Deno); a page's bundle has none, and keeps profiles for its own life. */
const { process } = globalThis as { process?: NodeJS.Process };
const fs = process?.getBuiltinModule?.("node:fs");
const os = process?.getBuiltinModule?.("node:os");
const path = process?.getBuiltinModule?.("node:path");

const version = 1;
let kept: Profiles = {};

/**
 * The file that profiles are kept in: under KUSARI_CACHE, else in the system's folder for what may be deleted; null where
 * there are no files, or this program may not look.
 */
export function profileFile(): string | null {
  if (!process || !os || !path) return null;
  try {
    const { KUSARI_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
    const caches = XDG_CACHE_HOME ?? LOCALAPPDATA ?? path.join(os.homedir(), ".cache");
    return path.join(KUSARI_CACHE ?? path.join(caches, "kusari"), "devices.json");
  } catch {
    return null;
  }
}

function read(): Profiles {
  const file = profileFile();
  if (file === null) return kept;
  try {
    const found = JSON.parse(fs!.readFileSync(file, "utf8")) as { version: number; profiles: Profiles };
    return found.version === version ? found.profiles : kept;
  } catch {
    return kept;
  }
}

/** A cache that cannot be written is no reason to stop: what it holds is measured again. */
function write(profiles: Profiles): void {
  kept = profiles;
  const file = profileFile();
  if (file === null) return;
  try {
    fs!.mkdirSync(path!.dirname(file), { recursive: true });
    const unfinished = `${file}.${process!.pid}`;
    fs!.writeFileSync(unfinished, `${JSON.stringify({ version, profiles }, null, 2)}\n`);
    fs!.renameSync(unfinished, file);
  } catch {}
}

/** What a profile is kept under: the backend, and of a GPU what it says of itself. */
const nameOf = ({ name, variant, adapter }: Backend): string =>
  [name, variant, adapter?.description].filter(Boolean).join(" ");

/** What was measured of a backend before. */
export const knownProfile = (backend: Backend): DeviceProfile | undefined => read()[nameOf(backend)];

function keep(backend: Backend, profile: DeviceProfile): DeviceProfile {
  write({ ...read(), [nameOf(backend)]: profile });
  return profile;
}

/** Measures a backend, for less than a second on hardware, and remembers what came out. */
export async function measureProfile(backend: Backend): Promise<DeviceProfile> {
  const { memory, families } = backend;
  const n = 256;
  const bytes = 4 * n * n;
  const [a, b, y] = [memory.reserve(bytes), memory.reserve(bytes), memory.reserve(bytes)];
  const product = families.matmul({ bias: false, activation: null });
  const seconds = await secondsOf(backend, () => product(n, n, n, a, b, 0, y, false, false, false));
  const launch = await secondsOf(backend, () => families.fill(64, y, 0));
  const reads = 20;
  const began = performance.now();
  for (let i = 0; i < reads; i++) await memory.read(y, 1);
  const readMilliseconds = (performance.now() - began) / reads;
  for (const address of [a, b, y]) memory.release(address, bytes);
  const measured = { gigaflops: (2 * n ** 3) / seconds / 1e9, launchMicroseconds: launch * 1e6, readMilliseconds };
  return keep(backend, { ...knownProfile(backend), ...measured });
}

/** Remembers which tiles are the fastest. */
export async function keepTiles(backend: Backend, tiles: Readonly<Record<string, number>>): Promise<void> {
  keep(backend, { ...(knownProfile(backend) ?? (await measureProfile(backend))), tiles });
}

/** Dispatches of an update that wait for each other, about. */
const dispatchesOfUpdate = 12;

/**
 * Microseconds of an update of so many floating-point operations, about: what its launches cost one after the other,
 * and its products.
 */
export const predictedMicroseconds = (
  { gigaflops, launchMicroseconds }: Pick<DeviceProfile, "gigaflops" | "launchMicroseconds">,
  work: number,
): number => dispatchesOfUpdate * launchMicroseconds + work / (gigaflops * 1e3);
