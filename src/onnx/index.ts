/** Agents as ONNX models, which run wherever ONNX does. */
export { exportOnnx, type OnnxModel, type OnnxTensor } from "./exportOnnx.ts";
