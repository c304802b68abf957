import type { Random } from "../../random.ts";
import type { Initializer } from "../initializers/initializer.ts";
import { normal } from "../initializers/normal.ts";
import { embedId } from "../ops/embedId.ts";
import type { Parameter } from "../parameter.ts";
import type { Variable } from "../variable.ts";
import { Link, makeParameter } from "./link.ts";

/** y (…ids, outSize) = the rows of w (inSize, outSize) that ids, whole numbers below inSize, name. */
export class EmbedId extends Link {
  readonly w: Parameter;

  constructor(
    inSize: number,
    outSize: number,
    { random, initialW = normal(1) }: { random: Random; initialW?: Initializer },
  ) {
    super();
    this.w = makeParameter([inSize, outSize], initialW, random, "w");
  }

  forward(ids: Variable): Variable {
    return embedId(ids, this.w);
  }
}
