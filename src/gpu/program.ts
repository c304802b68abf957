/** A program that repeats: its stages printed with all addresses and lengths as constants, its numbers in one block. */
import { type Lane, type Stage, schedule } from "./schedule.ts";
import { mostGroups, numbersOf, type RecordedLaunch, wordsOf, workgroupSize } from "./shader.ts";
import { functionsOf, moduleScope, number, word } from "./wgsl.ts";

/** A number that changes from update to update: where it stands in a slot of the tape, and where in the block. */
export interface BlockEntry {
  readonly launch: number;
  readonly word: number;
  readonly at: number;
}

export interface PrintedProgram {
  readonly stages: readonly { readonly code: string; readonly groups: number; readonly launches: readonly number[] }[];
  readonly entries: readonly BlockEntry[];
  /** Words of the block. */
  readonly blockWords: number;
}

/** Where in a slot of the tape, in words, the whole numbers and the numbers begin. */
export const firstWord = 4;
export const firstNumber = 20;

const vec3 = (x: string, y: string) => `vec3<u32>(${x}, ${y}, 0u)`;

export function printProgram(program: readonly RecordedLaunch[]): PrintedProgram {
  const entries: BlockEntry[] = [];
  let vectors = 0;
  /** The body with the launch's fields written out, and those that change read from the block. */
  const bodies = program.map(({ shader, rows, cols, whole }, launch) => {
    let body = shader.body.replaceAll("l.rows", `${rows}u`).replaceAll("l.cols", `${cols}u`);
    /** Reads the fields from the next vectors of the block, four a vector. */
    const readFromBlock = (fields: readonly { name: string; word: number; type: "u32" | "f32" }[]) => {
      fields.forEach(({ name, word, type }, k) => {
        const text = `u[${vectors + (k >> 2)}].${"xyzw"[k & 3]}`;
        body = body.replaceAll(name, type === "u32" ? text : `bitcast<f32>(${text})`);
        entries.push({ launch, word, at: 4 * vectors + k });
      });
      vectors += Math.ceil(fields.length / 4);
    };
    for (const i of wordsOf(shader)) {
      if (!shader.changing.includes(i)) body = body.replaceAll(word(i), `${whole[i]! >>> 0}u`);
    }
    readFromBlock(shader.changing.map((i) => ({ name: word(i), word: firstWord + i, type: "u32" })));
    readFromBlock(numbersOf(shader).map((i) => ({ name: number(i), word: firstNumber + i, type: "f32" })));
    return body;
  });
  // rounded up, so that programs that differ little share stages
  const blockVectors = Math.max(8, 2 ** Math.ceil(Math.log2(Math.max(1, vectors))));

  const printStage = (stage: Stage) => {
    const run = (launch: number, group: string, groups: string) =>
      `{ let group = ${group}; let groups = ${groups};\n${bodies[launch]}}`;
    const linesOf = ({ steps, isSingle }: Lane): string[] =>
      steps.flatMap(({ launch, barrier }) => {
        const { groupsX: x, groupsY: y, shader } = program[launch]!;
        const groups = vec3(`${x}u`, `${y}u`);
        const lines = barrier ? ["storageBarrier();"] : [];
        if (!isSingle) lines.push(run(launch, x === 1 ? vec3("0u", "g") : vec3(`g % ${x}u`, `g / ${x}u`), groups));
        else if (shader.form !== "other") lines.push(run(launch, vec3("0u", "0u"), vec3("1u", "1u")));
        else {
          lines.push(`for (var g = 0u; g < ${x * y}u; g++) {`);
          lines.push(`  ${run(launch, vec3(`g % ${x}u`, `g / ${x}u`), groups)}`, "}");
        }
        return lines;
      });
    let total = 0;
    const branches = stage.map((lane) => {
      const { groupsX, groupsY } = program[lane.steps[0]!.launch]!;
      const first = total;
      total += lane.isSingle ? 1 : groupsX * groupsY;
      const g = lane.isSingle ? [] : [`let g = w - ${first}u;`];
      const text = [...g, ...linesOf(lane)].map((line) => `    ${line}\n`).join("");
      return { end: total, text };
    });
    const body = branches.map(({ end, text }) => `if (w < ${end}u) {\n${text}  }`).join(" else ");
    const main = `@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let w = id.y * ${mostGroups}u + id.x;
  ${body}
}
`;
    const block = `@group(0) @binding(1) var<uniform> u: array<vec4<u32>, ${blockVectors}>;\n`;
    const launches = stage.flatMap((lane) => lane.steps.map(({ launch }) => launch));
    return { code: `${moduleScope}${block}${functionsOf(main)}${main}`, groups: total, launches };
  };

  return { stages: schedule(program).map(printStage), entries, blockWords: 4 * blockVectors };
}
