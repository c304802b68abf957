import { ActionWrapper } from "../env.ts";
import type { Space } from "../spaces/index.ts";
import type { WrappableEnv } from "./requireBox.ts";

/** Actions through a function of your own; the space of what it takes is given where it is another one. */
export class TransformAction<Obs, Act, InnerAct = Act> extends ActionWrapper<Obs, Act, InnerAct> {
  readonly #transform: (action: Act) => InnerAct;
  readonly #space: Space<Act>;

  constructor(env: WrappableEnv, transform: (action: Act) => InnerAct, space?: Space<Act>) {
    super(env);
    this.#transform = transform;
    this.#space = space ?? env.actionSpace;
  }

  override get actionSpace(): Space<Act> {
    return this.#space;
  }

  action(action: Act): InnerAct {
    return this.#transform(action);
  }
}
