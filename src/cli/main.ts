#!/usr/bin/env node
/** The `rl` command; everything it does is in rl.ts and commands/. */
import { setFlagsFromString } from "node:v8";

// Node 20 has WebAssembly's relaxed SIMD (a third more speed) behind a flag that must be set before anything is
// compiled; newer ones have it on.
if (Number.parseInt(process.versions.node, 10) < 21) setFlagsFromString("--experimental-wasm-relaxed-simd");

const { rl } = await import("./rl.ts");
process.exitCode = await rl(process.argv.slice(2));
