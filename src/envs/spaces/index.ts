/** Spaces of actions and observations, after Gymnasium's. */
export { Box, type BoxArray, type BoxDtype, type BoxOptions } from "./box.ts";
export { Dict, type NamedElementsOf } from "./dict.ts";
export { Discrete } from "./discrete.ts";
export { flattenInto, flattenSpace } from "./flatten.ts";
export { MultiBinary } from "./multiBinary.ts";
export { MultiDiscrete } from "./multiDiscrete.ts";
export { Space } from "./space.ts";
export { Text, type TextOptions } from "./text.ts";
export { type ElementsOf, Tuple } from "./tuple.ts";
