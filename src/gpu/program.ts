/** A program that repeats: its stages printed with all addresses and lengths as constants, its numbers in one block. */
import { type Lane, type Stage, schedule } from "./schedule.ts";
import { mostGroups, numbersOf, type RecordedLaunch, type Shader, workgroupSize } from "./shader.ts";
import { functionsOf, moduleScope } from "./wgsl.ts";

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
  /** The launch as a constant, but for the numbers that change. */
  const constants = program.map(({ shader, rows, cols, whole }, launch) => {
    const place = (word: number, k: number) => entries.push({ launch, word, at: 4 * vectors + k });
    const words = whole.map((value) => `${value >>> 0}u`);
    shader.changing.forEach((i, k) => {
      words[i] = `u[${vectors}].${"xyzw"[k]}`;
      place(firstWord + i, k);
    });
    if (shader.changing.length > 0) vectors++;
    const numbers = ["vec4<f32>()", "vec4<f32>()"];
    const used = numbersOf(shader);
    for (const v of [0, 1]) {
      const own = used.filter((i) => i >> 2 === v);
      if (own.length === 0) continue;
      numbers[v] = `bitcast<vec4<f32>>(u[${vectors}])`;
      for (const i of own) place(firstNumber + i, i & 3);
      vectors++;
    }
    const p = [0, 4, 8, 12].map((i) => `vec4<u32>(${words.slice(i, i + 4).join(", ")})`);
    return `Launch(${rows}u, ${cols}u, array<vec4<u32>, 4>(${p.join(", ")}), array<vec4<f32>, 2>(${numbers.join(", ")}))`;
  });
  // rounded up, so that programs that differ little share stages
  const blockVectors = Math.max(8, 2 ** Math.ceil(Math.log2(Math.max(1, vectors))));

  const printStage = (stage: Stage) => {
    const names = new Map<Shader, string>();
    const nameOf = (shader: Shader): string => {
      if (!names.has(shader)) names.set(shader, `kernel${names.size}`);
      return names.get(shader)!;
    };
    const call = (launch: number, group: string, groups: string) =>
      `${nameOf(program[launch]!.shader)}(${constants[launch]}, ${group}, ${groups}, lane);`;
    const linesOf = ({ steps, isSingle }: Lane): string[] =>
      steps.flatMap(({ launch, barrier }) => {
        const { groupsX: x, groupsY: y, shader } = program[launch]!;
        const groups = vec3(`${x}u`, `${y}u`);
        const lines = barrier ? ["storageBarrier();"] : [];
        if (!isSingle) lines.push(call(launch, x === 1 ? vec3("0u", "g") : vec3(`g % ${x}u`, `g / ${x}u`), groups));
        else if (shader.form !== "other") lines.push(call(launch, vec3("0u", "0u"), vec3("1u", "1u")));
        else {
          lines.push(`for (var g = 0u; g < ${x * y}u; g++) {`);
          lines.push(`  ${call(launch, vec3(`g % ${x}u`, `g / ${x}u`), groups)}`, "}");
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
    const kernels = [...names].map(
      ([shader, name]) => `fn ${name}(l: Launch, group: vec3<u32>, groups: vec3<u32>, lane: u32) {\n${shader.body}}\n`,
    );
    const text = kernels.join("") + main;
    const block = `@group(0) @binding(1) var<uniform> u: array<vec4<u32>, ${blockVectors}>;\n`;
    const launches = stage.flatMap((lane) => lane.steps.map(({ launch }) => launch));
    return { code: `${moduleScope}${block}${functionsOf(text)}${text}`, groups: total, launches };
  };

  return { stages: schedule(program).map(printStage), entries, blockWords: 4 * blockVectors };
}
