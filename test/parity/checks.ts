/**
 * What every device must compute as the float64 reference does. It needs nothing of Node, so that the same module runs
 * under vitest, bundled in a browser, and in Deno on the sources as they are.
 */
import { familyCases } from "../autograd/familyCases.ts";
import { casesOf, definedOps, expectParity } from "../autograd/opCases.ts";
import { agentComputations } from "./agents.ts";
import { linkComputations } from "./links.ts";
import { optimizerComputations } from "./optimizers.ts";
import { type Computation, expectSame } from "./trained.ts";

/** The device that is compared with the reference. */
export type Target = "cpu" | "gpu";

export interface Check {
  readonly group: "formulas" | "families" | "links" | "optimizers" | "agents";
  readonly name: string;
  /** @throws Error saying which number is another one */
  run(target: Target): Promise<void>;
}

/** The modules of src/autograd/ops by their paths: each runtime has its own way to all files of a folder. */
export type OpModules = Record<string, Record<string, unknown>>;

const formulas = (modules: OpModules): Check[] =>
  definedOps(modules).map(([name, op]) => ({
    group: "formulas",
    name,
    run(target) {
      const cases = casesOf(name, op);
      // a pipeline a layout takes its time on a software adapter: every third, the first and the last among them
      const some = cases.filter((_, i) => i % 3 === 0 || i === cases.length - 1);
      return expectParity(some, target);
    },
  }));

const families: Check[] = Object.entries(familyCases).map(([name, cases]) => ({
  group: "families",
  name,
  run: (target) => expectParity(cases, target),
}));

const computed = (group: Check["group"], computations: readonly [string, Computation][]): Check[] =>
  computations.map(([name, compute]) => ({ group, name, run: (target) => expectSame(compute, target) }));

export const checksOf = (modules: OpModules): readonly Check[] => [
  ...formulas(modules),
  ...families,
  ...computed("links", linkComputations),
  ...computed("optimizers", optimizerComputations),
  ...computed("agents", agentComputations),
];

/** What a runtime other than Node reports of its run. */
export interface ParityReport {
  readonly passed: number;
  /** `group name: what was wrong`, one a check. */
  readonly failures: readonly string[];
  /** What the device says of itself. */
  readonly variant: string;
}
