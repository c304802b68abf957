/** The physics engine of the Box2D environments: planck, an optional dependency. */
import type * as Planck from "planck";
import { DeviceError } from "../../errors.ts";

let planck: typeof Planck | null = null;

/**
 * Hands the environments planck, where it cannot be loaded at once when it is needed: in a browser,
 * `usePlanck(await import("planck"))` before the first reset.
 */
export function usePlanck(module: object): void {
  // a bundler may put a CommonJS module's names under `default`
  const { default: inner } = module as { default?: object };
  planck = (inner && "World" in inner ? inner : module) as typeof Planck;
}

/**
 * Environments are made and stepped without waiting, so Node loads it with `require`.
 *
 * @param name the environment that needs it
 * @throws DeviceError where it is not installed, or nobody handed it over
 */
export function physics(name: string): typeof Planck {
  if (planck) return planck;
  const modules = globalThis.process?.getBuiltinModule?.("node:module");
  if (!modules) {
    throw new DeviceError(
      `${name}: planck must be loaded before the first reset; got none. Import the package and hand it to usePlanck().`,
    );
  }
  try {
    planck = modules.createRequire(import.meta.url)("planck") as typeof Planck;
  } catch (error) {
    throw new DeviceError(`${name}: planck must be installed; got none. Install it with npm install planck@1.4.2.`, {
      cause: error,
    });
  }
  return planck;
}
