/** `rl play`: an environment by hand, on a terminal or by a script of keys. */
import { hp } from "../../agents/hyperparameters.ts";
import { UsageError } from "../../errors.ts";
import type { Command } from "../command.ts";
import { keysIn } from "../controls.ts";
import { envFlags, kwargFlags, makeEnv } from "../envArgument.ts";
import { exitCodes } from "../exitCodes.ts";
import { flagsOf, readFlags } from "../flags.ts";
import { PlaySession } from "../playSession.ts";
import { isColoured } from "../progress.ts";

const where = "rl play";
const settings = {
  seed: hp.optional(null, "seed of the first episode", "another one each time", { min: 0 }),
  fps: hp.optional(null, "steps a second without waiting for a key", "a step a key", { min: 0.1, max: 100 }),
} as const;

/** Shows the terminal's own page again, and the cursor. */
const leaveScreen = "\u001b[0m\u001b[?25h\u001b[?1049l";

export const command: Command = {
  usage: `Usage: rl play --env ID [flags]

Steps an environment by hand. Arrows and digits are actions; r begins another episode, q ends.`,
  examples: [
    "rl play --env CartPole --fps 10",
    "rl play --env Pendulum --seed 1",
    'rl play --env CartPole --seed 0 --keys "1 0 1 1"',
    "echo left right | rl play --env CartPole --seed 0",
  ],
  words: 0,
  openFlags: kwargFlags,

  async options() {
    return {
      ...envFlags("What:"),
      ...flagsOf(settings, "What:"),
      keys: {
        group: "What:",
        nargs: 1,
        describe: "keys to press, with spaces between: 1 left + space r; without a terminal they are read from stdin",
      },
    };
  },

  async run(argv) {
    if (argv.env === undefined) {
      throw new UsageError(`${where}: --env must be given; got none. Choose one with rl list envs, or pass a file.`);
    }
    const { seed = null, fps = null } = readFlags(where, settings, argv) as {
      seed?: number | null;
      fps?: number | null;
    };
    const env = await makeEnv(where, String(argv.env), argv);
    try {
      const session = new PlaySession(where, env, seed ?? undefined);
      if (argv.keys !== undefined) return playScript(session, String(argv.keys));
      if (!process.stdin.isTTY) return playScript(session, await readAll(process.stdin));
      if (!process.stdout.isTTY) {
        throw new UsageError(`${where}: pictures need a terminal; got a pipe. Add --keys "0 1 …" to play without one.`);
      }
      return await playOnTerminal(session, fps);
    } finally {
      env.close();
    }
  },
};

async function readAll(stream: AsyncIterable<Buffer | string>): Promise<string> {
  let text = "";
  for await (const piece of stream) text += String(piece);
  return text;
}

/** A line for each step, and the last picture. */
function playScript(session: PlaySession, keys: string): number {
  process.stdout.write(`${session.legend().join("\n")}\n`);
  for (const key of keys.split(/\s+/).filter((word) => word !== "")) {
    if (key === "q") break;
    const line = session.play(key);
    if (line !== null) process.stdout.write(`${line}\n`);
  }
  const size = { columns: process.stdout.columns ?? 72, lines: 24 };
  process.stdout.write(`${session.picture(size, isColoured(process.stdout))}\n`);
  return exitCodes.fine;
}

/** Draws in place until a key or a signal ends it; the terminal is as before afterwards, whatever happens. */
async function playOnTerminal(session: PlaySession, fps: number | null): Promise<number> {
  const { stdin, stdout } = process;
  const coloured = isColoured(stdout);
  const draw = () => {
    const { columns = 80, rows = 24 } = stdout;
    const lines = session.screen({ columns: Math.min(columns - 1, 100), lines: rows }, coloured);
    stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join("\n")}\u001b[J`);
  };
  const restore = () => {
    if (stdin.isRaw) stdin.setRawMode(false);
    stdout.write(leaveScreen);
  };
  const { promise, resolve, reject } = withResolvers<number>();
  const onTerm = () => resolve(exitCodes.terminated);
  let isKeyDown = false;
  const onData = (data: Buffer | string) => {
    try {
      for (const key of keysIn(String(data))) {
        if (key === "q") return resolve(exitCodes.fine);
        if (key === "ctrl-c") return resolve(exitCodes.interrupted);
        const wantsStep = session.press(key);
        isKeyDown ||= wantsStep;
        if (wantsStep && fps === null && !session.hasEnded) session.step();
      }
      draw();
    } catch (error) {
      reject(error);
    }
  };
  const tick = () => {
    try {
      if (session.hasEnded) return;
      if (!isKeyDown) session.release();
      isKeyDown = false;
      session.step();
      draw();
    } catch (error) {
      reject(error);
    }
  };
  let clock: NodeJS.Timeout | undefined;
  process.once("exit", restore);
  process.once("SIGTERM", onTerm);
  stdout.on("resize", draw);
  try {
    stdout.write("\u001b[?1049h\u001b[?25l");
    stdin.setRawMode(true);
    stdin.on("data", onData);
    stdin.resume();
    draw();
    if (fps !== null) clock = setInterval(tick, 1_000 / fps);
    return await promise;
  } finally {
    clearInterval(clock);
    stdin.off("data", onData);
    stdin.pause();
    stdout.off("resize", draw);
    process.off("SIGTERM", onTerm);
    process.off("exit", restore);
    restore();
    stdout.write(`${session.status()}\n`);
  }
}

/** `Promise.withResolvers`, which Node 20 has not. */
function withResolvers<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let [resolve, reject]: [(value: T) => void, (error: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise<T>((fulfil, fail) => {
    [resolve, reject] = [fulfil, fail];
  });
  return { promise, resolve, reject };
}
