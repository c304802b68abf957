/** The seeds of `--seeds`, for the commands that train with several. */
import { UsageError } from "../errors.ts";

/** Most seeds of one command: a slip such as 0-99999 must not fill the disk. */
const mostSeeds = 1_000;

/**
 * `0-9`, `0,3,5`, `0-2,7`.
 * @param where the command, for errors
 * @throws UsageError for anything else
 */
export function parseSeeds(where: string, text: string): number[] {
  const refuse = (what: string) =>
    new UsageError(
      `${where}: --seeds must be whole numbers and ranges; got ${what}. Write --seeds 0-9 or --seeds 0,3,5.`,
    );
  const seeds = text.split(",").flatMap((part) => {
    const [, first, last = first] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(part.trim()) ?? [];
    if (first === undefined || last === undefined) throw refuse(text === "" ? "nothing" : text);
    const [from, to] = [Number(first), Number(last)];
    if (to < from) throw refuse(`${text}, where ${part} ends before it begins`);
    if (to - from >= mostSeeds) throw refuse(`${text}, which are more than ${mostSeeds}`);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  return [...new Set(seeds)];
}
