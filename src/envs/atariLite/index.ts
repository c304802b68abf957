export { Asterix } from "./asterix.ts";
export { AtariLite, type AtariLiteOptions } from "./atariLite.ts";
export { Breakout } from "./breakout.ts";
export { Freeway } from "./freeway.ts";
export { Seaquest } from "./seaquest.ts";
export { SpaceInvaders } from "./spaceInvaders.ts";
