/** The quickstart notebook, from top to bottom, in Deno's Jupyter kernel; and what it is shown with. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { findDeno } from "../scripts/notebook/findDeno.ts";
import { type CodeCell, type Notebook, readNotebook, runNotebook, textOf } from "../scripts/notebook/notebook.ts";
import { Film, figure, picture } from "../src/notebook/index.ts";
import { jupyterDisplay } from "../src/notebook/shown.ts";

const file = fileURLToPath(new URL("../notebooks/quickstart.ipynb", import.meta.url));
const deno = findDeno();
const because = deno === null ? ` (skipped: npm's deno has no package for ${process.platform} ${process.arch})` : "";

const codeCells = ({ cells }: Notebook) => cells.filter((cell): cell is CodeCell => cell.cell_type === "code");

function cell(notebook: Notebook, id: string): CodeCell {
  const found = codeCells(notebook).find((one) => one.id === id);
  expect(found, id).toBeDefined();
  return found!;
}

/** What a cell printed. */
const printed = (notebook: Notebook, id: string): string =>
  cell(notebook, id)
    .outputs.map((output) => (output.output_type === "stream" ? textOf(output.text) : ""))
    .join("");

/** The media types of what a cell shows. */
const typesOf = ({ outputs }: CodeCell): string[] =>
  outputs.flatMap((output) => ("data" in output ? Object.keys(output.data) : []));

const number = (pattern: RegExp, text: string): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);

const figureTypes = ["application/vnd.plotly.v1+json", "image/svg+xml", "text/plain"];
const shown: Readonly<Record<string, readonly string[]>> = {
  firstCurve: figureTypes,
  frame: ["image/svg+xml", "text/plain"],
  before: ["text/html", "text/plain"],
  loop: figureTypes,
  after: ["text/html", "text/plain"],
  thoughts: figureTypes,
  map: ["image/svg+xml", "text/plain"],
  background: figureTypes,
  band: figureTypes,
};

function expectOutputs(notebook: Notebook): void {
  for (const { id, outputs } of codeCells(notebook)) {
    const errors = outputs.filter(({ output_type }) => output_type === "error");
    expect(errors, id).toEqual([]);
  }
  for (const [id, types] of Object.entries(shown)) expect(typesOf(cell(notebook, id)), id).toEqual(types);
  expect(printed(notebook, "firstResult")).toMatch(/^solved after \d+ steps/);
  expect(number(/fresh episodes: ([\d.]+)/, printed(notebook, "firstResult"))).toBeGreaterThanOrEqual(475);
  expect(number(/mean return ([\d.]+)/, printed(notebook, "evaluation"))).toBeGreaterThanOrEqual(450);
  expect(printed(notebook, "save")).toContain("the same action: true");
  expect(printed(notebook, "shell")).toContain("solved: mean return");
  expect(printed(notebook, "stop")).toMatch(/^stopped at step [1-9]/);
}

describe("notebooks/quickstart.ipynb", () => {
  it("is kept with the outputs of a run from top to bottom", () => {
    const kept = readNotebook(file);
    expect(codeCells(kept).map(({ execution_count }) => execution_count)).toEqual(codeCells(kept).map((_, i) => i + 1));
    expectOutputs(kept);
    expect(readFileSync(file, "utf8")).not.toMatch(/\/(tmp|home|work|Users|var)\//);
  });

  it("has short cells, and says something before each", () => {
    const { cells } = readNotebook(file);
    for (const { id, source } of cells) expect(textOf(source).split("\n").length, id).toBeLessThanOrEqual(26);
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length);
  });

  describe.skipIf(deno === null)(`in Deno's kernel${because}`, () => {
    let notebook: Notebook;
    beforeAll(async () => {
      notebook = await runNotebook(deno!, file);
    }, 240_000);

    it("runs without an error, and ends with an agent that balances the pole", () => expectOutputs(notebook));
  });
});

describe("kusari/notebook", () => {
  const line = { name: "mean return", points: [[0, 1], [10, 5]] } as const; // biome-ignore format: points

  it("shows a figure in three forms", () => {
    const {
      [figureTypes[0]!]: plotly,
      "image/svg+xml": svg,
      "text/plain": text,
    } = figure({
      title: "A < B",
      x: "step of the episode",
      lines: [{ ...line, band: [[0, 2], [4, 6]] }, { ...line, name: "episodes", isFaint: true }], // biome-ignore format: points
      threshold: 4,
    })[jupyterDisplay]() as { [type: string]: never } & { "image/svg+xml": string; "text/plain": string };
    expect(svg).toContain("A &lt; B");
    expect(svg).toContain("step of the episode");
    expect(svg).toContain("solved at 4");
    expect(svg.match(/>mean return</g)?.length).toBe(1);
    expect(svg).not.toContain(">episodes<");
    expect(text).toContain("A < B\n");
    // typed arrays cannot be in a message to Jupyter
    expect(JSON.parse(JSON.stringify(plotly))).toEqual(plotly);
    expect(
      (plotly as { data: { name?: string; showlegend: boolean }[] }).data.map((trace) => trace.showlegend),
    ).toEqual([false, false, true]);
  });

  it("a band has a point for each of its line's", () => {
    expect(() => figure({ title: "", lines: [{ ...line, band: [[0, 2]] }] })).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: Figure: a band must have a point for each of its line's; got 1 for the 2 of mean return. Give both at the same x.]`,
    );
  });

  it("a film takes every second step, and is a GIF", () => {
    const env = { draw: () => ({ width: 40, height: 20, background: "#ffffff", shapes: [] }) };
    const film = new Film({ stepsPerSecond: 10 });
    expect(() => film.toGif()).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: Film: there must be a frame; got none. Call shoot(env) after each step.]`,
    );
    for (let i = 0; i < 5; i++) film.shoot(env);
    const { "text/html": html, "text/plain": text } = film[jupyterDisplay]();
    expect(text).toBe("a film of 3 frames, 0.5 seconds");
    expect(html).toMatch(
      /^<img src="data:image\/gif;base64,R0lGODlh[\w+/]+=*" width="20" alt="a film of 3 frames, 0.5 seconds">$/,
    );
    expect(Object.keys(picture(env)[jupyterDisplay]())).toEqual(["image/svg+xml", "text/plain"]);
  });
});
