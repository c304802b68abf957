import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A recording of test/fixtures/envs, see its README; large ones are compressed. */
export function fixture(name: string): unknown {
  const bytes = readFileSync(new URL(`../fixtures/envs/${name}`, import.meta.url));
  return JSON.parse(String(name.endsWith(".gz") ? gunzipSync(bytes) : bytes));
}
