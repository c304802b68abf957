/** Links to and from safetensors bytes: one tensor a parameter or running statistic, named by its path (`layers.0.w`). */
import { UsageError } from "../../errors.ts";
import { formatShape } from "../variable.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

/** What is written and read by the names of its tensors: a Link, or something that stands beside one. */
export interface TensorHolder {
  namedTensors(): [
    path: string,
    x: { readonly shape: readonly number[]; readonly data: Float32Array | Float64Array },
  ][];
  /** @throws UsageError when the paths or sizes are not its own */
  loadTensors(saved: Readonly<Record<string, ArrayLike<number>>>): void;
}

/** The parameters and running statistics of a Link as the bytes of a safetensors file. */
export function serializeLink(link: TensorHolder, metadata: Record<string, string> = {}): Uint8Array {
  const tensors = link.namedTensors().map(([path, x]) => [path, { shape: x.shape, data: x.data }]);
  return encodeSafetensors(Object.fromEntries(tensors), metadata);
}

/**
 * Fills a Link with the parameters of a safetensors file.
 *
 * @returns the file's metadata
 * @throws UsageError when the bytes are no safetensors file or hold other paths or shapes than the Link
 */
export function deserializeLink(bytes: Uint8Array, link: TensorHolder): Readonly<Record<string, string>> {
  const { tensors, metadata } = decodeSafetensors(bytes);
  for (const [path, parameter] of link.namedTensors()) {
    const shape = tensors[path]?.shape;
    if (shape && (shape.length !== parameter.shape.length || shape.some((n, i) => n !== parameter.shape[i]))) {
      throw new UsageError(
        `load: ${path} must have shape ${formatShape(parameter.shape)}; got ${formatShape(shape)}. Build the network with the sizes it was saved with.`,
      );
    }
  }
  const numbers = Object.entries(tensors).map(([path, { data }]) => {
    if (data instanceof Float32Array || data instanceof Float64Array) return [path, data];
    throw new UsageError(
      `load: ${path} must hold floating-point numbers; got ${data.constructor.name}. Convert the file to float32.`,
    );
  });
  link.loadTensors(Object.fromEntries(numbers));
  return metadata;
}
