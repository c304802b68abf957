/** What updates report: running averages of values and losses, kept on the device that learns. */
import type { Variable } from "../autograd/index.ts";
import type { State } from "../state.ts";
import { RunningAverage } from "./runningAverage.ts";

/** Weight of the past. Source: ChainerRL's average_q_decay. */
const decay = 0.999;

export class UpdateStatistics {
  readonly #q = new RunningAverage();
  readonly #loss = new RunningAverage();

  /**
   * @param isFirst whether it is the first update
   * @param scale what q is multiplied with
   */
  noteValues(q: Variable, isFirst: boolean, scale: number): void {
    this.#q.follow(q, isFirst ? 1 : 1 - decay, scale);
  }

  noteLoss(loss: Variable, isFirst: boolean): void {
    this.#loss.follow(loss, isFirst ? 1 : 1 - decay, 1);
  }

  /** Where the device's numbers can be read. */
  read(): { averageQ: number; averageLoss: number } {
    return { averageQ: this.#q.value, averageLoss: this.#loss.value };
  }

  restore(state: State): void {
    const { averageQ, averageLoss } = state as { averageQ: number; averageLoss: number };
    this.#q.value = averageQ;
    this.#loss.value = averageLoss;
  }
}
