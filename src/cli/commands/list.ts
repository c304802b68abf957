/** `rl list agents`, `rl list envs`. */
import { nearest, UsageError } from "../../errors.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exitCodes.ts";
import { wordsOf } from "../flags.ts";
import { table } from "../report.ts";

/** What a list shows: one object a row, for JSON, and the texts of a table. */
interface List {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly headings: readonly string[];
  readonly cells: readonly (readonly string[])[];
}

const yesNo = (value: boolean): string => (value ? "yes" : "no");
const orNone = (value: unknown): string => (value === null ? "none" : String(value));

async function agents(): Promise<List> {
  const { listAgents } = await import("../../agents/index.ts");
  const rows = listAgents().map(({ id, name, actionSpaces, recurrent, async, paper }) => ({
    id,
    name,
    actionSpaces,
    recurrent,
    async,
    paper,
  }));
  return {
    rows,
    headings: ["id", "actions", "recurrent", "async", "paper"],
    cells: rows.map((row) => [row.id, row.actionSpaces.join(", "), yesNo(row.recurrent), row.async ?? "no", row.paper]),
  };
}

async function envs(): Promise<List> {
  const { listEnvs, make, versionsOf } = await import("../../envs/node.ts");
  const newest = listEnvs().filter((id) => versionsOf(id)[0] === id);
  const rows = newest.map((id) => {
    const env = make(id);
    const { maxEpisodeSteps = null, rewardThreshold = null } = env.spec ?? {};
    const observationSpace = String(env.observationSpace);
    const actionSpace = String(env.actionSpace);
    env.close();
    const olderVersions = versionsOf(id).slice(1);
    return { id, observationSpace, actionSpace, maxEpisodeSteps, rewardThreshold, olderVersions };
  });
  return {
    rows,
    headings: ["id", "observations", "actions", "max steps", "reward threshold", "older versions"],
    cells: rows.map((row) => [
      row.id,
      row.observationSpace,
      row.actionSpace,
      orNone(row.maxEpisodeSteps),
      orNone(row.rewardThreshold),
      row.olderVersions.join(", "),
    ]),
  };
}

const lists: Readonly<Record<string, () => Promise<List>>> = { agents, envs };

export const command: Command = {
  usage: "Usage: rl list agents|envs [flags]\n\nLists what can be trained, or where.",
  examples: ["rl list agents", "rl list envs --json"],
  words: 1,

  async options() {
    return { json: { group: "Output:", boolean: true, describe: "print one JSON array on stdout" } };
  },

  async run(argv) {
    const [what = "nothing"] = wordsOf(argv);
    const list = Object.hasOwn(lists, what) ? lists[what] : undefined;
    if (!list) {
      const near = nearest(what, Object.keys(lists));
      const advice = near ? `Did you mean rl list ${near}?` : "Write rl list agents.";
      throw new UsageError(`rl list: what to list must be agents or envs; got ${what}. ${advice}`);
    }
    const { rows, headings, cells } = await list();
    process.stdout.write(argv.json ? `${JSON.stringify(rows, null, 2)}\n` : table(headings, cells));
    return exitCodes.fine;
  },
};
