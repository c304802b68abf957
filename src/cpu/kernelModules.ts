/**
 * Compiled kernels of this thread by what they were printed from. A module can be posted to another thread, where it only has
 * to be instantiated: with the memory of that thread.
 */

/** From the kernel's key, the variant of the printing and the limits of the memory it imports. */
export type KernelModules = ReadonlyMap<string, WebAssembly.Module>;

const modules = new Map<string, WebAssembly.Module>();

/** The module of a kernel, printed and compiled unless it is known. */
export function moduleOf(key: string, assembled: () => Uint8Array<ArrayBuffer>): WebAssembly.Module {
  let module = modules.get(key);
  if (!module) {
    module = new WebAssembly.Module(assembled());
    modules.set(key, module);
  }
  return module;
}

/** All that this thread has, to be posted. */
export const kernelModules = (): KernelModules => new Map(modules);

/** Takes over what another thread has compiled. */
export function adoptKernelModules(others: KernelModules): void {
  for (const [key, module] of others) modules.set(key, module);
}
