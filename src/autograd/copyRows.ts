import { ShapeError } from "../errors.ts";
import { backend } from "../kernel/backend.ts";
import type { Variable } from "./variable.ts";

/**
 * Copies rows of a table, by their numbers, into a Variable that stays: row i of y is row index[i] of the table. Nothing is
 * recorded for gradients.
 *
 * @param table (rows, …)
 * @param index (n): whole numbers below rows
 * @param y n rows in all
 * @throws ShapeError where y is not n rows of the table
 */
export function copyRows(table: Variable, index: Variable, y: Variable): void {
  const [rows = 0] = table.shape;
  const cols = table.size / rows;
  if (y.size !== index.size * cols) {
    throw new ShapeError(
      `copyRows: y must hold a row of ${cols} for each number of index; got ${y.size} numbers for ${index.size}. Check the shapes.`,
    );
  }
  backend().families.gatherRows(index.size, cols, rows, table.address, index.address, y.address);
}

/**
 * Overwrites rows of a table from row `first` on; a graph that has read the table can no longer be differentiated.
 *
 * @param table (rows, …)
 * @param values whole rows
 */
export function writeRows(table: Variable, first: number, values: ArrayLike<number>): void {
  const [rows = 0] = table.shape;
  const cols = table.size / rows;
  if (values.length % cols !== 0 || first + values.length / cols > rows) {
    throw new ShapeError(
      `writeRows: values must be whole rows of ${cols} up to row ${rows}; got ${values.length} numbers from row ${first} on. Check the shapes.`,
    );
  }
  backend().memory.write(table.address + 4 * first * cols, values);
  table.source ??= { version: 0 };
  table.source.version++;
}
