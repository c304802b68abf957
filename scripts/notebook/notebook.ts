/** Jupyter notebooks, format 4.5: reading, running in Deno's kernel, writing. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DenoKernel, type Output } from "./denoKernel.ts";

export interface MarkdownCell {
  readonly cell_type: "markdown";
  readonly id: string;
  readonly metadata: object;
  source: string | string[];
}
export interface CodeCell {
  readonly cell_type: "code";
  readonly id: string;
  readonly metadata: object;
  source: string | string[];
  execution_count: number | null;
  outputs: readonly Output[];
}
export interface Notebook {
  readonly cells: (MarkdownCell | CodeCell)[];
  readonly metadata: object;
  readonly nbformat: number;
  readonly nbformat_minor: number;
}

/** Text as the format stores it, or whole. */
export const textOf = (text: string | readonly string[]): string => (typeof text === "string" ? text : text.join(""));

export const readNotebook = (file: string): Notebook => JSON.parse(readFileSync(file, "utf8"));

/** Lines of their own, so that a changed line is one in a diff too. */
const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

/** Texts of many lines become lists of lines, as Jupyter writes them. */
function stored(output: Output): object {
  if (output.output_type === "stream") return { ...output, text: linesOf(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map(([mime, value]) => [
    mime,
    typeof value === "string" && !/^image\/(?!svg)/.test(mime) ? linesOf(value) : value,
  ]);
  return { ...output, data: Object.fromEntries(data) };
}

/** Written as Jupyter does: one space, and a line of its own for each line of a text. */
export function writeNotebook(file: string, notebook: Notebook): void {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    ...(cell.cell_type === "code" ? { outputs: cell.outputs.map(stored) } : {}),
    source: linesOf(textOf(cell.source)),
  }));
  writeFileSync(file, `${JSON.stringify({ ...notebook, cells }, null, 1)}\n`);
}

/**
 * Runs all cells from top to bottom in a kernel of their own, whose folder is the notebook's, and keeps what they show.
 * A cell with an error is the last one that runs.
 */
export async function runNotebook(
  deno: string,
  file: string,
  onCell: (cell: CodeCell, seconds: number) => void = () => {},
): Promise<Notebook> {
  const notebook = readNotebook(file);
  const kernel = await DenoKernel.start(deno, path.dirname(path.resolve(file)));
  try {
    for (const cell of notebook.cells) {
      if (cell.cell_type !== "code") continue;
      const began = performance.now();
      const { count, outputs } = await kernel.execute(textOf(cell.source));
      cell.execution_count = count;
      cell.outputs = outputs;
      onCell(cell, (performance.now() - began) / 1000);
      if (outputs.some(({ output_type }) => output_type === "error")) break;
    }
  } finally {
    await kernel.close();
  }
  return notebook;
}
