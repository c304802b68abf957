/**
 * Runs a notebook in Deno's Jupyter kernel and writes it back with its outputs.
 *
 *   npm run notebook -- [notebooks/quickstart.ipynb]
 */
import { findDeno } from "./notebook/findDeno.ts";
import { runNotebook, textOf, writeNotebook } from "./notebook/notebook.ts";

const file = process.argv[2] ?? "notebooks/quickstart.ipynb";
const deno = findDeno();
if (deno === null) throw new Error(`npm's deno has no package for ${process.platform} ${process.arch}.`);

const notebook = await runNotebook(deno, file, ({ source, execution_count, outputs }, seconds) => {
  const [firstLine] = textOf(source).split("\n");
  console.log(`[${execution_count}] ${seconds.toFixed(1)} s  ${firstLine}`);
  for (const output of outputs) if (output.output_type === "error") console.error(output.traceback.join("\n"));
});
writeNotebook(file, notebook);
const failed = notebook.cells.some(
  (cell) => cell.cell_type === "code" && cell.outputs.some(({ output_type }) => output_type === "error"),
);
process.exitCode = failed ? 1 : 0;
