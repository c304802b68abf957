import type { Variable } from "../variable.ts";
import { Link } from "./link.ts";

/** A Link made of Links: a subclass assigns them as fields and writes its own `forward`. */
export abstract class Chain extends Link {}

/** Links in a list: `children[i]`, `children.length`. */
export class ChainList<T extends Link = Link> extends Link {
  readonly children: T[];

  constructor(...children: T[]) {
    super();
    this.children = children;
  }

  add(child: T): this {
    this.children.push(child);
    return this;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.children[Symbol.iterator]();
  }
}

/** A Link with `forward`, or a plain function. */
export type Layer = (Link & { forward(x: Variable): Variable }) | ((x: Variable) => Variable);

/** Layers applied one after another; functions such as `relu` may stand between Links. */
export class Sequential extends Link {
  readonly layers: readonly Layer[];

  constructor(...layers: readonly Layer[]) {
    super();
    this.layers = layers;
  }

  forward(x: Variable): Variable {
    let y = x;
    for (const layer of this.layers) y = typeof layer === "function" ? layer(y) : layer.forward(y);
    return y;
  }
}
