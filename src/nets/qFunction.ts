/** State–action value functions. */
import { type Link, Variable } from "../autograd/index.ts";
import { type ActionValue, DiscreteActionValue, type DiscreteValues } from "./actionValue.ts";

/** A network from observations (batch, …obs) to the values of discrete actions, wrapped or plain (batch, actions). */
export type QNetwork<Value extends ActionValue = DiscreteValues> = Link & {
  forward(obs: Variable): Value | Variable;
};

/** The action values of a network's output. */
export function actionValueOf<Value extends ActionValue>(output: Value | Variable): Value {
  return output instanceof Variable ? (new DiscreteActionValue(output) as unknown as Value) : output;
}
