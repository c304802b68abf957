/** How a rate changes with the step: pure functions of the step, counted from 0 at the first action. */

/**
 * `start` until `startStep`, then a straight line that reaches `end` decaySteps later and stays there
 * (ChainerRL's LinearDecayEpsilonGreedy; Mnih et al. 2015 decay from the step at which learning starts).
 */
export function linearDecay(step: number, start: number, end: number, decaySteps: number, startStep = 0): number {
  if (step >= startStep + decaySteps) return end;
  if (step <= startStep) return start;
  return start + (end - start) * ((step - startStep) / decaySteps);
}

/** start · decay^step, but never less than `end` (ChainerRL's ExponentialDecayEpsilonGreedy). */
export function exponentialDecay(step: number, start: number, end: number, decay: number): number {
  return Math.max(start * decay ** step, end);
}
