/** What keys do in `rl play`: each is an action, or changes the numbers of one. */
import { type AnyEnv, Box, Discrete, MultiBinary, MultiDiscrete } from "../envs/node.ts";
import { UsageError } from "../errors.ts";

/** Names of keys beside the letters and digits themselves. */
const escapes: Readonly<Record<string, string>> = {
  "\u001b[A": "up",
  "\u001b[B": "down",
  "\u001b[C": "right",
  "\u001b[D": "left",
  "\u001bOA": "up",
  "\u001bOB": "down",
  "\u001bOC": "right",
  "\u001bOD": "left",
  " ": "space",
  "\r": "enter",
  "\n": "enter",
  "\u0003": "ctrl-c",
};

/** The keys in what a terminal in raw mode has sent. */
export function keysIn(text: string): string[] {
  const keys: string[] = [];
  for (let i = 0; i < text.length; ) {
    const isSequence = text[i] === "\u001b" && (text[i + 1] === "[" || text[i + 1] === "O");
    const sent = text.slice(i, i + (isSequence ? 3 : 1));
    keys.push(escapes[sent] ?? sent);
    i += sent.length;
  }
  return keys;
}

/** What a key does: a step is taken, the next action has changed, or nothing. */
export type Pressed = "step" | "changed" | "unknown";

export interface Controls {
  /** Lines that say which key does what. */
  readonly legend: readonly string[];
  /** The action a step takes. */
  readonly action: unknown;
  press(key: string): Pressed;
  /** Without a key since the last step: back to the action that does nothing, where there is one. */
  release(): void;
  /** The action, for people. */
  describe(): string;
}

const arrows: Readonly<Record<string, string>> = { left: "←", right: "→", up: "↑", down: "↓" };
const arrowWords: Readonly<Record<string, RegExp>> = {
  left: /^(left|west)$/i,
  right: /^(right|east)$/i,
  up: /^(up|north)$/i,
  down: /^(down|south)$/i,
};
const idleWords = /^(noop|nothing|none|stay|no torque)$/i;
/** Letters stand for the actions from 10 on; q and r are taken. */
const actionKeys = "0123456789abcdefghijklmnopstuvwxyz";

class DiscreteControls implements Controls {
  readonly legend: readonly string[];
  readonly #space: Discrete;
  readonly #meanings: readonly string[];
  readonly #keys = new Map<string, number>();
  readonly #idle: number | null;
  #choice: number;

  constructor(space: Discrete, meanings: readonly string[]) {
    this.#space = space;
    this.#meanings = meanings.length === space.n ? meanings : [];
    for (let i = 0; i < Math.min(space.n, actionKeys.length); i++) this.#keys.set(actionKeys[i]!, i);
    for (const [arrow, word] of Object.entries(arrowWords)) {
      const named = this.#meanings.findIndex((meaning) => word.test(meaning));
      if (named >= 0) this.#keys.set(arrow, named);
    }
    if (this.#meanings.every((meaning) => !Object.values(arrowWords).some((word) => word.test(meaning)))) {
      // without names, the first action is left and the last one right
      if (space.n === 2 || space.n === 3) {
        this.#keys.set("left", 0);
        this.#keys.set("right", space.n - 1);
      }
    }
    const idle = this.#meanings.findIndex((meaning) => idleWords.test(meaning));
    this.#idle = idle < 0 ? null : idle;
    this.#choice = this.#idle ?? 0;
    if (this.#idle !== null) this.#keys.set("space", this.#idle);
    const keysOf = (i: number) =>
      [...this.#keys].filter(([, action]) => action === i).map(([key]) => arrows[key] ?? key);
    const shown = Math.min(space.n, actionKeys.length);
    this.legend = [
      Array.from({ length: shown }, (_, i) => `${keysOf(i).join(" ")}: ${this.#meanings[i] ?? `action ${i}`}`).join(
        "   ",
      ),
    ];
  }

  get action(): number {
    return this.#space.start + this.#choice;
  }

  press(key: string): Pressed {
    const choice = this.#keys.get(key);
    if (choice === undefined) return "unknown";
    this.#choice = choice;
    return "step";
  }

  release(): void {
    if (this.#idle !== null) this.#choice = this.#idle;
  }

  describe(): string {
    const meaning = this.#meanings[this.#choice];
    return meaning === undefined ? String(this.action) : `${this.action} (${meaning})`;
  }
}

/** A number of an action that keys raise and lower. */
interface Dial {
  readonly low: number;
  readonly high: number;
  readonly by: number;
}

class DialControls implements Controls {
  readonly legend: readonly string[];
  readonly #dials: readonly Dial[];
  readonly #values: number[];
  readonly #toAction: (values: number[]) => unknown;
  #chosen = 0;

  constructor(dials: readonly Dial[], toAction: (values: number[]) => unknown) {
    this.#dials = dials;
    this.#values = dials.map((dial) => rest(dial));
    this.#toAction = toAction;
    const choose = dials.length > 1 ? [`1 … ${Math.min(9, dials.length)}: choose a number`] : [];
    this.legend = [[...choose, "− ←: less", "+ →: more", "0: rest", "space: step"].join("   ")];
  }

  get action(): unknown {
    return this.#toAction([...this.#values]);
  }

  press(key: string): Pressed {
    const dial = this.#dials[this.#chosen]!;
    const number = Number(key);
    if (key === "space" || key === "enter") return "step";
    if (key === "0") this.#values[this.#chosen] = rest(dial);
    else if (/^[1-9]$/.test(key) && number <= this.#dials.length) this.#chosen = number - 1;
    else if (["-", "−", "left", "down"].includes(key)) this.#turn(dial, -dial.by);
    else if (["+", "=", "right", "up"].includes(key)) this.#turn(dial, dial.by);
    else return "unknown";
    return "changed";
  }

  #turn({ low, high }: Dial, by: number): void {
    const turned = this.#values[this.#chosen]! + by;
    // tenths without the last bits of their sums
    this.#values[this.#chosen] = Math.min(high, Math.max(low, Math.round(turned * 1e6) / 1e6));
  }

  /** A dial stays where it was put. */
  release(): void {}

  describe(): string {
    const shown = this.#values.map((value, i) =>
      i === this.#chosen && this.#values.length > 1 ? `<${value}>` : `${value}`,
    );
    return `[${shown.join(" ")}]`;
  }
}

/** Where a dial stands at first: 0, or what of its range is nearest to it. */
const rest = ({ low, high }: Dial): number => Math.min(high, Math.max(low, 0));

/**
 * The keys of an environment.
 * @throws UsageError where its actions are of a kind that keys cannot give
 */
export function controlsOf(where: string, env: AnyEnv): Controls {
  const space: unknown = env.actionSpace;
  if (space instanceof Discrete) return new DiscreteControls(space, env.unwrapped.actionMeanings);
  if (space instanceof Box && space.flatDim > 0) {
    const isWhole = !space.dtype.startsWith("float");
    const dials = Array.from({ length: space.flatDim }, (_, i): Dial => {
      const [low, high] = [space.low[i]!, space.high[i]!];
      return { low, high, by: isWhole ? 1 : Number.isFinite(high - low) ? (high - low) / 10 : 0.1 };
    });
    return new DialControls(dials, (values) => space.arrayOf(values));
  }
  if (space instanceof MultiDiscrete) {
    const dials = Array.from(
      space.nvec,
      (n, i): Dial => ({ low: space.start[i]!, high: space.start[i]! + n - 1, by: 1 }),
    );
    return new DialControls(dials, (values) => Int32Array.from(values));
  }
  if (space instanceof MultiBinary) {
    const dials = Array.from({ length: space.flatDim }, (): Dial => ({ low: 0, high: 1, by: 1 }));
    return new DialControls(dials, (values) => Int8Array.from(values));
  }
  throw new UsageError(
    `${where}: actions of ${env.name} must be Discrete, Box, MultiDiscrete or MultiBinary; got ${String(space)}. ` +
      "Make one of them with TransformAction.",
  );
}
