/** The package in a page (the condition "browser" of package.json): all of index.ts but run directories. */
export * from "./agents/index.ts";
export * as autograd from "./autograd/index.ts";
export { type Device, type DeviceName, type DeviceOptions, onHost, openDevice, tuneDevice } from "./device.ts";
export * from "./envs/index.ts";
export * from "./errors.ts";
export * from "./explorers/index.ts";
export * from "./nets/index.ts";
export * from "./onnx/index.ts";
export { Random, type RandomState } from "./random.ts";
export * from "./replay/index.ts";
export * as returns from "./returns/index.ts";
export type { State, Stateful } from "./state.ts";
export * from "./train/browser.ts";
