import type { State } from "../state.ts";
import type { Explorer } from "./explorer.ts";

/** No exploration: always the agent's best action. */
export class Greedy<A = number> implements Explorer<A> {
  selectAction(_step: number, greedyAction: () => A): A {
    return greedyAction();
  }

  statistics(): Record<string, number> {
    return {};
  }

  saveState(): State {
    return {};
  }

  loadState(): void {}
}
