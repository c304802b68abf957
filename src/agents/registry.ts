/** Every agent there is, by the word typed after `--agent`. */
import { nearest, UsageError } from "../errors.ts";
import type { AgentSpec } from "./agent.ts";

const registry = new Map<string, AgentSpec>();

/** Adds an agent; a script may add its own before calling `train`. */
export function registerAgent(spec: AgentSpec): void {
  registry.set(spec.id, spec);
}

/** All registered agents, in the order of their registration. */
export const listAgents = (): readonly AgentSpec[] => [...registry.values()];

/** @throws UsageError for an unknown id, with a suggestion. */
export function agentSpec(id: string): AgentSpec {
  const spec = registry.get(id);
  if (spec) return spec;
  const near = nearest(id, registry.keys());
  throw new UsageError(
    `train: agent must be one of ${[...registry.keys()].join(", ")}; got ${id}.` +
      (near ? ` Did you mean ${near}?` : " List them with rl list agents."),
  );
}
