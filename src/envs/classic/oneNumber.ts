/** The action of an environment with one continuous action. */
import { UsageError } from "../../errors.ts";

/**
 * The one number of an action such as `[0.5]`.
 * @param what what the number is, for the message
 * @throws UsageError for anything but one finite number in an array
 */
export function oneNumber(name: string, action: ArrayLike<number>, what: string): number {
  if (typeof action === "object" && action?.length === 1 && Number.isFinite(action[0])) return action[0]!;
  throw new UsageError(
    `${name}.step: the action must be one finite number in an array; got ${JSON.stringify(action)}. Pass [${what}].`,
  );
}
