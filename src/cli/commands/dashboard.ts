/** `rl dashboard`: shows the runs of a folder in a page. */
import type { Command } from "../command.ts";
import "../../agents/registerAll.ts";
import { serveDashboard } from "../../plots/dashboard/index.ts";
import { loadEnvFile } from "../envFile.ts";
import { dashboardHooks } from "../episodePictures.ts";
import { exitCodes } from "../exitCodes.ts";
import { flagsOf, readFlags, wordsOf } from "../flags.ts";
import { portSetting, requireFreePort } from "../liveDashboard.ts";

const where = "rl dashboard";

export const command: Command = {
  usage: `Usage: rl dashboard [RUNS] [flags]

Serves a page on 127.0.0.1 that shows the runs of a folder (runs unless given) and follows those under way, until Ctrl-C.`,
  examples: ["rl dashboard", "rl dashboard runs/dqn-CartPole-v1-0-1", "rl dashboard experiments --port 8080"],
  words: 1,

  async options() {
    return {
      ...flagsOf(portSetting, "What:"),
      env: { group: "What:", nargs: 1, describe: "the file of the runs' environment, where they came from one" },
    };
  },

  async run(argv) {
    const [root = "runs"] = wordsOf(argv);
    const { port = 0 } = readFlags(where, portSetting, argv) as { port?: number };
    if (port !== 0) await requireFreePort(where, port);
    if (argv.env !== undefined) await loadEnvFile(where, String(argv.env));
    const dashboard = await serveDashboard({ root, port, hooks: dashboardHooks });
    process.stdout.write(`${dashboard.url}\n`);
    process.stderr.write("Ctrl-C closes it\n");
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
    });
    await dashboard.close();
    return exitCodes.fine;
  },
};
