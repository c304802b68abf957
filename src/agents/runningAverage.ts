/** Running averages of what updates compute, kept on the device that computes it, so that no update waits for a number. */
import { flatKernel, input, persistent, rowLen, rowSum, scalar, type Variable } from "../autograd/index.ts";

const average = input(1, "row");
// average + rest · (scale · mean of x − average)
const follow = average.add(scalar(0).mul(rowSum(input(0, "element")).div(rowLen()).mul(scalar(1)).sub(average)));
const update = flatKernel("runningAverage", [follow], ["element", "scalar"]);

export class RunningAverage {
  /** () */
  readonly #value: Variable = persistent([]);

  /** Moves towards scale · mean of x by the share `rest`. */
  follow(x: Variable, rest: number, scale: number): void {
    const { address } = this.#value;
    update(x.size, [address, x.address, address], [rest, scale]);
  }

  /** Its value, where the device's numbers can be read. */
  get value(): number {
    return this.#value.item();
  }

  set value(x: number) {
    this.#value.write([x]);
  }
}
