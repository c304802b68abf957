/** `rl devices`: what can run the networks here, and how fast it is. */
import {
  type DeviceProfile,
  openDevice,
  profileDevice,
  profileFile,
  type TunedShape,
  tuneDevice,
} from "../../device.ts";
import { DeviceError } from "../../errors.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exitCodes.ts";
import { table } from "../report.ts";

/** What each tile reached, the fastest first. */
function tunedLine({ shape: [rows, inner, cols], tried }: TunedShape, done: number, total: number): string {
  const byGigaflops = [...tried].sort((a, b) => b.gigaflops - a.gigaflops);
  const speeds = byGigaflops.map(({ tile, gigaflops }) => `${tile.join("×")} ${gigaflops.toPrecision(3)}`).join(", ");
  return `${String(done).padStart(2)}/${total} (${rows}, ${inner}) · (${inner}, ${cols}): tile ${speeds} GFLOP/s\n`;
}

export const command: Command = {
  usage:
    "Usage: rl devices [flags]\n\nLists what can run the networks on this machine, with a short measurement of each.",
  examples: ["rl devices", "rl devices --tune", "rl devices --json"],
  words: 0,

  async options() {
    return {
      tune: {
        group: "Device:",
        boolean: true,
        describe: "measure which tiles suit which products and convolutions on the GPU, and keep them for every run",
      },
      json: {
        group: "Output:",
        boolean: true,
        describe: "print one JSON array on stdout, with all features and limits",
      },
    };
  },

  async run({ json, tune }) {
    if (tune) {
      await tuneDevice((...shape) => void process.stderr.write(tunedLine(...shape)));
      process.stderr.write(`kept in ${profileFile()}\n`);
    }
    const rows: Record<string, unknown>[] = [];
    for (const name of ["cpu", "gpu"] as const) {
      try {
        const { variant, adapter } = await openDevice(name);
        rows.push({ name, variant, ...(await profileDevice(name)), adapter });
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        rows.push({ name, error: error.message });
      }
    }
    if (json) {
      process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
      return exitCodes.fine;
    }
    type Found = DeviceProfile & { readonly name: string; readonly variant: string };
    const found = rows.filter(({ error }) => error === undefined) as unknown as Found[];
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
