/**
 * RL_DEBUG=n prints what the toolkit does to stderr: 1 stacks of errors and slow spots, 2 launches with shapes,
 * 3 compiled kernels.
 */
const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };

const level = Number(process?.env?.RL_DEBUG || 0);

export const isEnabled = (atLeast: number): boolean => level >= atLeast;

/** Prints a line when the level is on. */
export function note(atLeast: number, line: string): void {
  if (level >= atLeast) console.error(`[kusari] ${line}`);
}
