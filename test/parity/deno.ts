/** Run by Deno on the sources as they are: the checks on the device named, and the report as a line of JSON. */
import type { OpModules, Target } from "./checks.ts";
import { reportParity } from "./report.ts";

interface DenoGlobal {
  readonly args: readonly string[];
  readDirSync(folder: URL): Iterable<{ readonly name: string }>;
}
const { Deno } = globalThis as unknown as { Deno: DenoGlobal };

const folder = new URL("../../src/autograd/ops/", import.meta.url);
const modules: OpModules = {};
for (const { name } of Deno.readDirSync(folder)) modules[name] = await import(new URL(name, folder).href);
console.log(JSON.stringify(await reportParity(Deno.args[0] as Target, modules)));
