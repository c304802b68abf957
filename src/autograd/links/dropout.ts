import type { Random } from "../../random.ts";
import { dropout } from "../ops/dropout.ts";
import { RandomStream } from "../randomStream.ts";
import type { Variable } from "../variable.ts";
import { Link } from "./link.ts";

/** Drops elements where a pass is to be learned from, see `dropout`; draws from a stream of its own. */
export class Dropout extends Link {
  readonly ratio: number;
  readonly stream: RandomStream;

  constructor({ ratio = 0.5, random }: { ratio?: number; random: Random }) {
    super();
    this.ratio = ratio;
    this.stream = new RandomStream(random);
  }

  forward(x: Variable): Variable {
    return dropout(x, this.ratio, this.stream);
  }
}
