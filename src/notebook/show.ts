/** Shows values from within a cell, and replaces what was shown: a curve that grows. */
import { jupyterDisplay, type Shown } from "./shown.ts";

/** The part of Deno's Jupyter kernel that is asked. */
interface DenoJupyter {
  broadcast(type: "display_data" | "update_display_data", content: object): Promise<void>;
}

/** Null outside of a notebook, where Deno raises for the name alone. */
function kernel(): DenoJupyter | null {
  try {
    return (globalThis as { Deno?: { jupyter: DenoJupyter } }).Deno?.jupyter ?? null;
  } catch {
    return null;
  }
}

/** Milliseconds. Deno may tell that a cell is done before it has told what the cell shows; notebooks drop what comes late. */
const pause = 30;

/** A place in a notebook where something is shown, and after that something else. */
export class Display {
  readonly #id = crypto.randomUUID();
  #isOpen = false;

  /** The first call opens the place below the cell that runs; later ones, from any cell or from none, replace what it shows. */
  async show(value: Shown): Promise<void> {
    const jupyter = kernel();
    const type = this.#isOpen ? "update_display_data" : "display_data";
    this.#isOpen = true;
    if (jupyter === null) {
      if (type === "display_data") console.log(String(value));
      return;
    }
    await jupyter.broadcast(type, {
      data: value[jupyterDisplay](),
      metadata: {},
      transient: { display_id: this.#id },
    });
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/**
 * Shows a figure, a film or a picture at once, in the middle of a cell; outside of a notebook its text is printed.
 * Deno's kernel only (`deno jupyter`).
 */
export const show = (value: Shown): Promise<void> => new Display().show(value);
