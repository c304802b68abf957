/** Environments whose physics is planck's. */
export { LunarLander, type LunarLanderOptions } from "./lunarLander.ts";
export { usePlanck } from "./physics.ts";
