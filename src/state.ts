/**
 * What a stateful object hands out to be saved: a tree of plain JSON values with typed arrays as leaves.
 * `saveState(): State` and `loadState(state: State)` come in pairs everywhere (environments, replay buffers,
 * explorers, agents, random streams); the checkpoint writer turns one tree into one file.
 */
export type Leaf =
  | number
  | string
  | boolean
  | null
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Uint8Array
  | BigUint64Array;

export type State = Leaf | { readonly [name: string]: State } | readonly State[];

/** An object whose whole future behaviour is in its state. */
export interface Stateful {
  saveState(): State;
  loadState(state: State): void;
}
