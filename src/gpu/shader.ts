/** What the tape knows of a kernel: its WGSL body, and what a launch of it reads and writes. */
import { functionsOf, moduleScope, number, word } from "./wgsl.ts";

/** Invocations of a workgroup, in every kernel. */
export const workgroupSize = 64;

/** The most workgroups a dimension may have. */
export const mostGroups = 65535;

/** How many whole numbers and numbers a launch carries. */
export const wholeNumbers = 16;
export const launchNumbers = 8;

/**
 * A contiguous range of memory that a launch touches; offsets count elements. `part` says which invocations touch what:
 * "element", element i of the range by the invocation (of rows, the workgroup) of element i of the domain; "row", number r
 * by that of row r; "any" otherwise.
 */
export interface Access {
  readonly first: number;
  readonly count: number;
  readonly writes: boolean;
  readonly part: "element" | "row" | "any";
}

/** A launch: `whole` are its 16 whole numbers, `groupsX` and `groupsY` its workgroups. */
export interface RecordedLaunch {
  readonly shader: Shader;
  readonly rows: number;
  readonly cols: number;
  readonly groupsX: number;
  readonly groupsY: number;
  readonly whole: readonly number[];
}

export interface Shader {
  /** Equal names have equal bodies. */
  readonly name: string;
  /** The statements of one invocation; in scope are the launch `l`, `group`, `groups` and `lane`. */
  readonly body: string;
  /**
   * How a domain is spread: "elements", an invocation an element, in strides of all invocations; "narrowRows", an
   * invocation a row likewise; "rows", a workgroup a row; "other".
   */
  readonly form: "elements" | "narrowRows" | "rows" | "other";
  /** Which whole numbers differ from update to update; addresses and lengths do not. */
  readonly changing: readonly number[];
  /** What a launch touches. */
  accesses(launch: RecordedLaunch): readonly Access[];
  /** About how many loop iterations an invocation makes. */
  cost(launch: RecordedLaunch): number;
}

/** Which fields of the launch a text reads, by the names that `word` and `number` give. */
const fieldsOf = (body: string, name: (i: number) => string, count: number): number[] =>
  Array.from({ length: count }, (_, i) => i).filter((i) => body.includes(name(i)));

/** The whole numbers that a kernel reads. */
export const wordsOf = ({ body }: Shader): number[] => fieldsOf(body, word, wholeNumbers);
/** The numbers that a kernel reads. */
export const numbersOf = ({ body }: Shader): number[] => fieldsOf(body, number, launchNumbers);

/** A launch as people read it: its kernel and domain. */
export const labelOf = ({ shader: { name }, rows, cols, whole }: RecordedLaunch): string => {
  const [kind = ""] = name.split(" ");
  return `${kind} (${rows}, ${kind === "matmul" ? `${whole[0]}, ` : ""}${cols})`;
};

/** The module of a kernel that reads its launch from a slot. */
export function genericModule({ body }: Shader): string {
  const main = `@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) lane: u32) {
${body}}
`;
  return `${moduleScope}@group(0) @binding(1) var<uniform> l: Launch;
${functionsOf(main)}${main}`;
}
