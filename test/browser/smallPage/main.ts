/** A page that trains one agent in one environment. */
import { DoubleDQN, train } from "kusari";

const run = train({ agent: (parts) => new DoubleDQN(parts), env: "CartPole-v1" });
for await (const event of run) if (event.event === "evaluation") document.title = String(event.evaluation.mean);
