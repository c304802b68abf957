/** `rl devices`: what can run the networks here, and how fast it is. */
import { matmul, noBackprop, persistent, scope, type Variable } from "../../autograd/index.ts";
import { type Device, openDevice } from "../../device.ts";
import { DeviceError } from "../../errors.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exitCodes.ts";
import { table } from "../report.ts";

interface Measured {
  readonly gigaflops: number;
  /** Microseconds from one launch to the next, many of them in a row. */
  readonly launchMicroseconds: number;
  /** Milliseconds until one number is here. */
  readonly readMilliseconds: number;
}

/** Runs `body` until half a second has passed, the device's work included. @returns seconds of one */
async function timed(device: Device, result: Variable, body: () => void): Promise<number> {
  for (let repeat = 1; ; repeat *= 4) {
    const began = performance.now();
    for (let i = 0; i < repeat; i++) body();
    await device.turn();
    await result.read();
    const seconds = (performance.now() - began) / 1_000;
    // the first time compiles
    if (repeat > 1 && (seconds > 0.2 || repeat > 1e6)) return seconds / repeat;
  }
}

async function measure(device: Device): Promise<Measured> {
  const n = 256;
  const [a, b, small] = [persistent([n, n]), persistent([n, n]), persistent([64])];
  const one = persistent([]);
  const product = await timed(device, one, () => scope(() => noBackprop(() => void matmul(a, b))));
  const launch = await timed(device, one, () => scope(() => noBackprop(() => void small.add(1))));
  const began = performance.now();
  const reads = 20;
  for (let i = 0; i < reads; i++) await one.read();
  const read = (performance.now() - began) / reads;
  return { gigaflops: (2 * n ** 3) / product / 1e9, launchMicroseconds: launch * 1e6, readMilliseconds: read };
}

export const command: Command = {
  usage:
    "Usage: rl devices [flags]\n\nLists what can run the networks on this machine, with a short measurement of each.",
  examples: ["rl devices", "rl devices --json"],
  words: 0,

  async options() {
    return {
      json: {
        group: "Output:",
        boolean: true,
        describe: "print one JSON array on stdout, with all features and limits",
      },
    };
  },

  async run({ json }) {
    const rows: Record<string, unknown>[] = [];
    for (const name of ["cpu", "gpu"] as const) {
      try {
        const device = await openDevice(name);
        rows.push({ name, variant: device.variant, ...(await measure(device)), adapter: device.adapter });
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        rows.push({ name, error: error.message });
      }
    }
    if (json) {
      process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
      return exitCodes.fine;
    }
    const found = rows.filter(({ error }) => error === undefined) as unknown as (Measured & {
      name: string;
      variant: string;
    })[];
    process.stdout.write(
      table(
        ["device", "variant", "GFLOP/s", "µs a launch", "ms to read a number"],
        found.map(({ name, variant, gigaflops, launchMicroseconds, readMilliseconds }) => [
          name,
          variant,
          gigaflops.toFixed(1),
          launchMicroseconds.toFixed(2),
          readMilliseconds.toFixed(3),
        ]),
      ),
    );
    for (const { error } of rows) if (error !== undefined) process.stdout.write(`${error}\n`);
    return exitCodes.fine;
  },
};
