/** The box that continuous actions stand in; the part of a Box space that networks look at. */
export interface ActionBounds {
  /** (actions) */
  readonly low: ArrayLike<number>;
  /** (actions) */
  readonly high: ArrayLike<number>;
}
