/** Values that a Jupyter notebook shows in a form of their own. */

/** Forms of one value by their media types; a program that shows a notebook takes the richest it knows. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** The method that Deno's kernel asks for when a value is a cell's last. Source: Deno's manual, "Jupyter kernel". */
export const jupyterDisplay: unique symbol = Symbol.for("Jupyter.display") as never;

export interface Shown {
  [jupyterDisplay](): MimeBundle;
  /** What is printed where there is no notebook. */
  toString(): string;
}
