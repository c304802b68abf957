import type { DQN } from "../../src/agents/index.ts";
import { Random } from "../../src/random.ts";

/** Steps with four random numbers an observation; an episode ends every tenth. */
export function fill(agent: DQN, steps: number): void {
  const random = new Random(4);
  const obs = () => Float32Array.from({ length: 4 }, () => random.normal());
  for (let i = 0; i < steps; i++) {
    agent.act(obs());
    agent.observe(obs(), random.normal(), i % 10 === 9, false);
  }
}
