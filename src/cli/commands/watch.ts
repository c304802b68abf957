/** `rl watch`: the trained agent plays, in the terminal or in a page. */
import { setTimeout as sleep } from "node:timers/promises";
import { hp } from "../../agents/index.ts";
import { type DrawList, toAnsi } from "../../envs/node.ts";
import { UsageError } from "../../errors.ts";
import { type ShownEpisode, serveDashboard } from "../../plots/dashboard/index.ts";
import type { Kept } from "../../train/index.ts";
import type { Command } from "../command.ts";
import { dashboardHooks, playAndShow } from "../episodePictures.ts";
import { exitCodes } from "../exitCodes.ts";
import { type Argv, flagsOf, readFlags } from "../flags.ts";
import { portSetting, requireFreePort } from "../liveDashboard.ts";
import { isColoured, short } from "../progress.ts";
import { envFileFlag, runOf } from "../runArgument.ts";

const where = "rl watch";

const settings = {
  seed: hp.integer(0, "seed of the first episode; each later one has the next number", "Kusari", { min: 0 }),
  episodes: hp.integer(3, "episodes to show in the terminal", "Kusari", { min: 1 }),
  which: hp.choice(
    ["best", "finish"],
    "finish",
    "weights to play: those of the best evaluation or of the result",
    "Kusari",
  ),
  fps: hp(30, "steps a second in the terminal", "Kusari", { min: 0.5, max: 100 }),
} as const;

interface Told {
  readonly seed?: number;
  readonly episodes?: number;
  readonly which?: Kept;
  readonly fps?: number;
}

export const command: Command = {
  usage: `Usage: rl watch RUN [flags]

Has the agent that a run has trained play greedy episodes, drawn in the terminal; --browser shows them in a page with
what its actions go by.`,
  examples: ["rl watch runs/dqn-CartPole-v1-0-1", "rl watch runs/dqn-CartPole-v1-0-1 --browser"],
  words: 1,

  async options() {
    const others = { which: { value: "finish, or best while the run can go on", source: null } };
    return {
      ...flagsOf(settings, "What:", others),
      ...envFileFlag,
      browser: { group: "Output:", boolean: true, describe: "in a page instead of the terminal, until Ctrl-C" },
      ...flagsOf(portSetting, "Output:"),
    };
  },

  async run(argv) {
    const { directory } = await runOf(where, argv);
    const told = readFlags(where, settings, argv) as Told;
    if (argv.browser) return watchInPage(directory, told, argv);
    if (argv.port !== undefined) {
      throw new UsageError(`${where}: --port must come with --browser; got it alone. Add --browser.`);
    }
    const { seed = 0, episodes = 3, which, fps = 30 } = told;
    const signal = stopSignal();
    for (let k = 0; k < episodes && !signal.aborted; k++) {
      await showInTerminal(await playAndShow(directory, seed + k, which), fps, signal);
    }
    return signal.aborted ? exitCodes.interrupted : exitCodes.fine;
  },
};

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

async function watchInPage(directory: string, { seed = 0, which }: Told, argv: Argv): Promise<number> {
  const { port = 0 } = readFlags(where, portSetting, argv) as { port?: number };
  if (port !== 0) await requireFreePort(where, port);
  // what is wrong with the weights is said here, not in the page
  await playAndShow(directory, seed, which);
  const hooks = { ...dashboardHooks, play: (run: string, of: number) => playAndShow(run, of, which) };
  const dashboard = await serveDashboard({ root: directory, port, hooks });
  process.stdout.write(`${dashboard.url}?watch=${seed}\n`);
  process.stderr.write("Ctrl-C closes it\n");
  await new Promise<void>((resolve) => stopSignal().addEventListener("abort", () => resolve()));
  await dashboard.close();
  return exitCodes.fine;
}

/** What is chosen between, as a line of numbers. */
function choiceText({ explanation, actionNames, actions }: ShownEpisode, step: number): string {
  const action = actions[step]!;
  if (typeof action !== "number") return `action ${action.map(short).join(" ")}`;
  const name = (a: number) => actionNames[a] ?? `action ${a}`;
  if (!explanation || explanation.kind === "action") return name(action);
  const letter = explanation.kind === "qValues" ? "Q" : "p";
  const numbers = explanation.numbers[step]!.map((x, a) => `${a === action ? "▸" : " "}${name(a)} ${short(x)}`);
  return `${letter}: ${numbers.join("  ")}`;
}

/** In place on a terminal; in a pipe the last picture alone. */
async function showInTerminal(episode: ShownEpisode, fps: number, signal: AbortSignal): Promise<void> {
  const { stdout } = process;
  const { frames, rewards, actions, seed, end } = episode;
  const isTerminal = stdout.isTTY === true;
  const size = () => ({
    columns: Math.min((stdout.columns ?? 73) - 1, 100),
    lines: Math.max(4, (stdout.rows ?? 24) - 4),
  });
  const picture = (i: number) =>
    frames.length === 0 ? "" : `${toAnsi(frames[i] as DrawList, { ...size(), coloured: isColoured(stdout) })}\n`;
  if (isTerminal) {
    let total = 0;
    stdout.write("\u001b[?1049h\u001b[?25l");
    try {
      for (let i = 0; i < actions.length && !signal.aborted; i++) {
        const lines = [`${episode.env}   seed ${seed}   step ${i}   return ${short(total)}`, choiceText(episode, i)];
        const shown = `${picture(i)}${lines.map((line) => line.slice(0, size().columns)).join("\n")}`;
        stdout.write(`\u001b[H${shown.replaceAll("\n", "\u001b[K\n")}\u001b[K\u001b[J`);
        total += rewards[i]!;
        await sleep(1_000 / fps, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      stdout.write("\u001b[0m\u001b[?25h\u001b[?1049l");
    }
  } else {
    stdout.write(picture(actions.length));
  }
  stdout.write(`seed ${seed}: return ${short(episode.return)} in ${actions.length} steps, ${end ?? "cut off"}\n`);
}
