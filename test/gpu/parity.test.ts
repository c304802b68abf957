/// <reference types="vite/types/importMeta.d.ts" />
/** Every operation, link, optimizer and agent on whatever adapter is there: as on the reference. */
import { describe, it } from "vitest";
import { checksOf } from "../parity/checks.ts";
import { because, missingAdapter } from "./adapter.ts";

const checks = checksOf(import.meta.glob<Record<string, unknown>>("../../src/autograd/ops/*.ts", { eager: true }));

describe.skipIf(missingAdapter)(`on the gpu as on the reference${because}`, () => {
  it.each(checks.map((check) => [check.group, check.name, check] as const))("%s: %s", (_group, _name, { run }) =>
    run("gpu"),
  );
});
