/**
 * Writes the table of agents and what is different in each from its paper into docs/agents.md, from the registry and the
 * comments at the heads of their files.
 *
 *   npx jiti scripts/agentsPage.ts
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type AgentSpec, listAgents } from "../src/agents/index.ts";
import { Box, Discrete } from "../src/envs/spaces/index.ts";
import { Random } from "../src/random.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = `${root}src/agents/`;
const sources = new Map(readdirSync(folder).map((file) => [file, readFileSync(folder + file, "utf8")]));

/** The file that registers an agent, and the one with its algorithm. */
function fileOf({ id }: AgentSpec): string {
  const registering = [...sources].find(([, text]) => text.includes(`id: "${id}"`))![0];
  return registering === "acerSpec.ts" ? "acer.ts" : registering;
}

/** The numbered differences, or the sentence that stands for them. */
function differencesIn(file: string): string[] {
  const head = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(sources.get(file)!)![1]!;
  const text = head
    .split("\n")
    .map((line) => line.replace(/^ \* ?/, ""))
    .join("\n");
  const after = /Differences from the papers?:([\s\S]*)$/.exec(text)![1]!.trim();
  if (!after.startsWith("1.")) return [after.replace(/\s+/g, " ")];
  return after.split(/\n(?=\d+\. )/).map((one) => one.replace(/^\d+\. /, "").replace(/\s+/g, " "));
}

const obs = new Box(-1, 1, { shape: [4] });

/** Whether an agent learns from many environments side by side. */
function learnsFromMany(spec: AgentSpec): boolean {
  const actionSpace = spec.actionSpaces.includes("Discrete") ? new Discrete(2) : new Box(-1, 1, { shape: [1] });
  const agent = spec.create({ observationSpace: obs, actionSpace, random: new Random(0), hyperparameters: {} });
  return agent.setEnvs !== undefined;
}

const yes = (has: boolean): string => (has ? "yes" : "");

/** What stands between the two marks in docs/agents.md. */
export function agentTables(): string {
  const specs = listAgents();
  const rows = specs.map((spec) => {
    const file = fileOf(spec);
    return `| \`${spec.id}\` | [${spec.name}](../src/agents/${file}) | ${spec.actionSpaces.join(", ")} | ${yes(spec.recurrent)} | ${spec.async ?? ""} | ${yes(learnsFromMany(spec))} | ${spec.paper} |`;
  });
  const differences = specs.map((spec) => {
    const list = differencesIn(fileOf(spec));
    const items = list.length === 1 ? list[0]! : list.map((one, i) => `${i + 1}. ${one}`).join("\n");
    return `### ${spec.name}\n\n${items}`;
  });
  return `| id | class | actions | recurrent | actors | many environments | paper |
|---|---|---|---|---|---|---|
${rows.join("\n")}

## Differences from the papers

${differences.join("\n\n")}
`;
}

export const marks = ["<!-- agents: npx jiti scripts/agentsPage.ts -->", "<!-- end of agents -->"] as const;

/** The page with new tables in the place of the old ones. */
export function withTables(page: string): string {
  const [begin, end] = [page.indexOf(marks[0]), page.indexOf(marks[1])];
  if (begin < 0 || end < begin) throw new Error(`docs/agents.md must hold the marks ${marks.join(" and ")}.`);
  return `${page.slice(0, begin)}${marks[0]}\n\n${agentTables()}\n${page.slice(end)}`;
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  const page = `${root}docs/agents.md`;
  writeFileSync(page, withTables(readFileSync(page, "utf8")));
}
