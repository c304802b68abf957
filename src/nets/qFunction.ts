/** State–action value functions. */
import type { Link, Variable } from "../autograd/index.ts";
import { DiscreteActionValue } from "./actionValue.ts";

/** A network from observations (batch, …obs) to the values of discrete actions, wrapped or plain (batch, actions). */
export type QNetwork = Link & { forward(obs: Variable): DiscreteActionValue | Variable };

/** The action values of a network's output. */
export function actionValueOf(output: DiscreteActionValue | Variable): DiscreteActionValue {
  return output instanceof DiscreteActionValue ? output : new DiscreteActionValue(output);
}
