export { deserializeLink, serializeLink, type TensorHolder } from "./links.ts";
export { readNpy, readNpz } from "./npz.ts";
export { decodeSafetensors, encodeSafetensors, type SafetensorsContents, type TensorToStore } from "./safetensors.ts";
export type { StoredTensor, TensorData } from "./storedTensor.ts";
