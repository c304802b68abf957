import { describe, expect, it } from "vitest";
import { DeviceError, ShapeError, UsageError } from "../../src/errors.ts";
import { Random } from "../../src/random.ts";
import { type TransitionBatch, TransitionStore, type TransitionStoreOptions } from "../../src/replay/index.ts";

const discrete = { dtype: "int32", shape: [] } as const;
const defaults = { capacity: 10, obsShape: [1], action: discrete, gamma: 0.5 } as const;

function batchFor(store: TransitionStore, n: number, discreteActions = true): TransitionBatch {
  return {
    obs: new Float32Array(n * store.obsSize),
    action: new (discreteActions ? Int32Array : Float32Array)(n * store.actionSize),
    reward: new Float32Array(n),
    nextObs: new Float32Array(n * store.obsSize),
    discount: new Float32Array(n),
  };
}

interface Transition {
  obs: number[];
  action: number[];
  reward: number;
  nextObs: number[];
  discount: number;
}

/** Everything in the store, oldest first. */
function contents(store: TransitionStore, discreteActions = true): Transition[] {
  const { begin, size, obsSize, actionSize } = store;
  const out = batchFor(store, size, discreteActions);
  store.gather(
    Array.from({ length: size }, (_, i) => (begin + i) % store.capacity),
    size,
    out,
  );
  const row = (view: ArrayLike<number>, i: number, columns: number) =>
    Array.from({ length: columns }, (_, column) => view[i * columns + column]!);
  return Array.from({ length: size }, (_, i) => ({
    obs: row(out.obs, i, obsSize),
    action: row(out.action, i, actionSize),
    reward: out.reward[i]!,
    nextObs: row(out.nextObs, i, obsSize),
    discount: out.discount[i]!,
  }));
}

/** (obs, action, reward, nextObs, discount) of observations of one number and discrete actions. */
const rows = (store: TransitionStore) =>
  contents(store).map(({ obs, action, reward, nextObs, discount }) => [
    obs[0],
    action[0],
    reward,
    nextObs[0],
    discount,
  ]);

type End = "terminated" | "truncated" | "stopped" | "running";

/** One episode with observations first, first + 1, …, action i at step i and rewards 1, 2, 4, …. */
function episode(store: TransitionStore, first: number, steps: number, end: End): void {
  for (let i = 0; i < steps; i++) {
    const last = i === steps - 1;
    store.append([first + i], i, 2 ** i, [first + i + 1], last && end === "terminated", last && end === "truncated");
  }
  if (end === "stopped") store.stopEpisode();
}

describe("one step", () => {
  it("terminated: the last transition's discount is 0", () => {
    const store = new TransitionStore(defaults);
    episode(store, 10, 3, "terminated");
    expect(rows(store)).toEqual([
      [10, 0, 1, 11, 0.5],
      [11, 1, 2, 12, 0.5],
      [12, 2, 4, 13, 0],
    ]);
  });

  it.each(["truncated", "stopped"] as const)("%s: the last transition bootstraps from the final observation", (end) => {
    const store = new TransitionStore(defaults);
    episode(store, 10, 3, end);
    expect(rows(store).at(-1)).toEqual([12, 2, 4, 13, 0.5]);
  });

  it("terminated and truncated at once: there is nothing to bootstrap from", () => {
    const store = new TransitionStore(defaults);
    store.append([1], 0, 1, [2], true, true);
    expect(rows(store)).toEqual([[1, 0, 1, 2, 0]]);
  });
});

describe("three steps", () => {
  it("terminated: tails reach to the end with their own length, and none bootstraps", () => {
    const store = new TransitionStore({ ...defaults, nStep: 3 });
    episode(store, 10, 5, "terminated");
    expect(rows(store)).toEqual([
      [10, 0, 1 + 2 / 2 + 4 / 4, 13, 0.125],
      [11, 1, 2 + 4 / 2 + 8 / 4, 14, 0.125],
      [12, 2, 4 + 8 / 2 + 16 / 4, 15, 0],
      [13, 3, 8 + 16 / 2, 15, 0],
      [14, 4, 16, 15, 0],
    ]);
  });

  it.each(["truncated", "stopped"] as const)("%s: tails bootstrap with gamma to the power of their length", (end) => {
    const store = new TransitionStore({ ...defaults, nStep: 3 });
    episode(store, 10, 5, end);
    expect(rows(store)).toEqual([
      [10, 0, 3, 13, 0.125],
      [11, 1, 6, 14, 0.125],
      [12, 2, 12, 15, 0.125],
      [13, 3, 16, 15, 0.25],
      [14, 4, 16, 15, 0.5],
    ]);
  });

  it("an episode shorter than n gives tails alone", () => {
    const store = new TransitionStore({ ...defaults, nStep: 3 });
    episode(store, 10, 2, "truncated");
    expect(rows(store)).toEqual([
      [10, 0, 2, 12, 0.25],
      [11, 1, 2, 12, 0.5],
    ]);
  });

  it("the running episode's last two steps are not complete yet", () => {
    const store = new TransitionStore({ ...defaults, nStep: 3 });
    episode(store, 10, 4, "running");
    expect(rows(store)).toEqual([
      [10, 0, 3, 13, 0.125],
      [11, 1, 6, 14, 0.125],
    ]);
  });
});

describe("episodes", () => {
  it("within an episode obs is the frame already there; contents are not compared", () => {
    const store = new TransitionStore(defaults);
    store.append([1], 0, 0, [2], false, false);
    store.append([99], 0, 0, [3], true, false);
    store.append([3], 0, 0, [4], false, false);
    expect(rows(store).map(([obs, , , nextObs]) => [obs, nextObs])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
    expect(store.framesWritten).toBe(5);
  });

  it.each(["terminated", "truncated", "stopped"] as const)(
    "a frame is stored once; %s: the next starts anew",
    (end) => {
      const store = new TransitionStore({ ...defaults, capacity: 100 });
      episode(store, 10, 7, end);
      expect(store.framesWritten).toBe(8);
      episode(store, 50, 3, end);
      expect(store.framesWritten).toBe(12);
      expect(rows(store)[7]!.slice(0, 4)).toEqual([50, 0, 1, 51]);
    },
  );

  it("stopEpisode outside an episode does nothing", () => {
    const store = new TransitionStore({ ...defaults, nStep: 3 });
    store.stopEpisode();
    episode(store, 10, 1, "terminated");
    store.stopEpisode();
    expect(rows(store)).toEqual([[10, 0, 1, 11, 0]]);
  });

  it("undiscounted returns and gamma 0", () => {
    const one = new TransitionStore({ ...defaults, gamma: 1, nStep: 2 });
    episode(one, 0, 2, "truncated");
    expect(rows(one)).toEqual([
      [0, 0, 3, 2, 1],
      [1, 1, 2, 2, 1],
    ]);
    const zero = new TransitionStore({ ...defaults, gamma: 0, nStep: 2 });
    episode(zero, 0, 2, "truncated");
    expect(rows(zero)).toEqual([
      [0, 0, 1, 2, 0],
      [1, 1, 2, 2, 0],
    ]);
  });
});

describe("rings", () => {
  it("keeps the last transitions, in order, past the end of both rings", () => {
    const store = new TransitionStore({ ...defaults, capacity: 4, frameCapacity: 5 });
    episode(store, 0, 23, "running");
    expect(rows(store).map(([obs, action, , nextObs]) => [obs, action, nextObs])).toEqual([
      [19, 19, 20],
      [20, 20, 21],
      [21, 21, 22],
      [22, 22, 23],
    ]);
    expect([store.begin, store.end, store.size, store.framesWritten]).toEqual([19, 23, 4, 24]);
  });

  it("drops the oldest transitions when frames run out before transitions do", () => {
    const store = new TransitionStore({ ...defaults, capacity: 10, frameCapacity: 5 });
    for (let i = 0; i < 3; i++) episode(store, 10 * i, 1, "terminated"); // two frames each, six in all
    expect(rows(store).map(([obs, , , nextObs]) => [obs, nextObs])).toEqual([
      [10, 11],
      [20, 21],
    ]);
    expect([store.begin, store.end]).toEqual([1, 3]);
  });

  it("has frames enough for a full store even when every episode is one step long", () => {
    const store = new TransitionStore({ ...defaults, capacity: 50, nStep: 3 });
    for (let i = 0; i < 200; i++) episode(store, i, 1, "terminated");
    expect(store.size).toBe(50);
    expect(rows(store)[0]![0]).toBe(150);
  });

  it("spends at most 64 MiB on the frames of episodes' ends", () => {
    const image = new TransitionStore({ ...defaults, capacity: 300, obsShape: [512, 512], obsDtype: "uint8" });
    expect(image.frameCapacity).toBe(300 + 256 + 1);
  });
});

describe("formats", () => {
  it("stores observations of many numbers and continuous actions", () => {
    const store = new TransitionStore({
      ...defaults,
      obsShape: [3, 10],
      action: { dtype: "float32", shape: [2] },
      nStep: 2,
    });
    const frame = (i: number) => Float32Array.from({ length: 30 }, (_, j) => 100 * i + j);
    store.append(frame(0), new Float32Array([0.5, -0.5]), 1, frame(1), false, false);
    store.append(frame(1), [1.5, -1.5], 1, frame(2), false, true);
    expect(contents(store, false)).toEqual([
      { obs: [...frame(0)], action: [0.5, -0.5], reward: 1.5, nextObs: [...frame(2)], discount: 0.25 },
      { obs: [...frame(1)], action: [1.5, -1.5], reward: 1, nextObs: [...frame(2)], discount: 0.5 },
    ]);
  });

  it("stores uint8 observations and hands them out as floats", () => {
    const store = new TransitionStore({ ...defaults, obsShape: [2], obsDtype: "uint8" });
    store.append(new Uint8Array([0, 255]), 1, 1, [7, 8], true, false);
    expect(contents(store)[0]).toEqual({ obs: [0, 255], action: [1], reward: 1, nextObs: [7, 8], discount: 0 });
  });

  it("writes into views of larger memory and nowhere else", () => {
    const store = new TransitionStore(defaults);
    episode(store, 10, 2, "truncated");
    const memory = new Float32Array(10).fill(-7);
    const out = {
      obs: memory.subarray(0, 2),
      nextObs: memory.subarray(2, 4),
      reward: memory.subarray(4, 6),
      discount: memory.subarray(6, 8),
      action: new Int32Array(2),
    };
    store.gather([1, 0], 2, out);
    expect([...memory]).toEqual([11, 10, 12, 11, 2, 1, 0.5, 0.5, -7, -7]);
    expect([...out.action]).toEqual([1, 0]);
  });
});

describe("errors", () => {
  const append = (
    options: Partial<TransitionStoreOptions>,
    obs: ArrayLike<number>,
    action: number | number[],
    reward = 1,
  ) => {
    const store = new TransitionStore({ ...defaults, ...options });
    try {
      store.append(obs, action, reward, obs, false, false);
    } finally {
      expect([store.size, store.framesWritten]).toEqual([0, 0]);
    }
  };

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses a reward of %s", (reward) => {
    expect(() => append({}, [1], 2, reward)).toThrow(
      new UsageError(
        `replay: the reward must be a finite number; got ${reward} with action 2. Look at what env.step returned.`,
      ),
    );
  });

  it("refuses observations of another size", () => {
    expect(() => append({ obsShape: [4] }, [1, 2, 3], 0)).toThrow(
      new ShapeError("replay: obs must hold 4 numbers; got 3. Compare obsShape with env.observationSpace.shape."),
    );
  });

  it.each([0.5, -1, 256, Number.NaN])("refuses %s as uint8", (value) => {
    expect(() => append({ obsDtype: "uint8" }, [value], 0)).toThrow(
      new UsageError(
        `replay: uint8 observations must be whole numbers from 0 to 255; got ${value} at obs[0]. ` +
          'Use obsDtype "float32".',
      ),
    );
  });

  it("refuses actions of another kind", () => {
    const continuous = { dtype: "float32", shape: [2] } as const;
    expect(() => append({}, [1], 0.5)).toThrow(
      new UsageError(
        'replay: an int32 action must be a whole number; got 0.5. Use action dtype "float32" for continuous actions.',
      ),
    );
    expect(() => append({}, [1], [1])).toThrow(/an int32 action must be a whole number; got \[1\]/);
    expect(() => append({ action: continuous }, [1], [0.5])).toThrow(
      new ShapeError(
        "replay: the action must be an array of 2 numbers; got [0.5]. Compare action.shape with env.actionSpace.shape.",
      ),
    );
    expect(() => append({ action: continuous }, [1], 3)).toThrow(/must be an array of 2 numbers; got 3\./);
  });

  it("refuses views that do not hold n rows", () => {
    const store = new TransitionStore(defaults);
    episode(store, 0, 3, "terminated");
    const views = batchFor(store, 3);
    for (const name of ["obs", "action", "reward", "nextObs", "discount"] as const) {
      const out = { ...views, [name]: new Float32Array(2) };
      expect(() => store.gather([0, 1, 2], 3, out)).toThrow(
        new ShapeError(
          `replay: the view for ${name} must hold 3 × 1 numbers; got 2. ` +
            "Make it anew for this minibatch size (a length of 0 means that its memory has moved).",
        ),
      );
    }
  });

  it.each([
    [{ capacity: 0 }, "replay: capacity must be a whole number of at least 1; got 0. Change capacity."],
    [{ nStep: 1.5 }, "replay: nStep must be a whole number of at least 1; got 1.5. Change nStep."],
    [{ gamma: 1.01 }, "replay: gamma must lie between 0 and 1; got 1.01. Change gamma."],
    [
      { nStep: 3, frameCapacity: 3 },
      "replay: frameCapacity must be a whole number of at least 4; got 3. Change frameCapacity.",
    ],
    [
      { obsShape: [3, 0] },
      "replay: every dimension of obsShape must be a whole number of at least 1; got 0. " +
        "Change every dimension of obsShape.",
    ],
  ] as const)("refuses options out of range: %o", (options, message) => {
    expect(() => new TransitionStore({ ...defaults, ...options })).toThrow(new UsageError(message));
  });

  it("says what does not fit into memory", () => {
    expect(() => new TransitionStore({ ...defaults, capacity: 2 ** 40, frameCapacity: 2 ** 50 })).toThrow(DeviceError);
    expect(() => new TransitionStore({ ...defaults, capacity: 2 ** 40, frameCapacity: 2 ** 50 })).toThrow(
      /^replay: 1099511627776 transitions over 1125899906842624 frames of 4 bytes must fit into memory; got ".*"\./,
    );
  });
});

describe("against a naive implementation", () => {
  /** Objects in an array: what the rings must amount to. */
  class NaiveStore {
    transitions: (Transition & { frame: number })[] = [];
    framesWritten = 0;
    #episode: { obs: number[]; action: number[]; reward: number; frame: number }[] = [];
    /** Steps of the running episode whose transitions are complete. */
    #completed = 0;
    readonly options: Required<TransitionStoreOptions>;

    constructor(options: Required<TransitionStoreOptions>) {
      this.options = options;
    }

    append(
      obs: number[],
      action: number[],
      reward: number,
      nextObs: number[],
      terminated: boolean,
      truncated: boolean,
    ) {
      const { nStep } = this.options;
      const episode = this.#episode;
      if (episode.length === 0) this.#countFrame();
      episode.push({ obs, action, reward, frame: this.framesWritten - 1 });
      this.#countFrame();
      const t = episode.length;
      if (terminated || truncated) this.end(nextObs, terminated);
      else if (t >= nStep) this.#add(t - nStep, nextObs, false);
    }

    end(lastObs: number[], terminated: boolean) {
      const { nStep } = this.options;
      const steps = this.#episode.length;
      for (let start = this.#completed; start < steps; start++) {
        expect(steps - start).toBeLessThanOrEqual(nStep);
        this.#add(start, lastObs, terminated);
      }
      this.#episode = [];
      this.#completed = 0;
    }
    #countFrame() {
      this.framesWritten++;
      this.transitions = this.transitions.filter(
        ({ frame }) => frame >= this.framesWritten - this.options.frameCapacity,
      );
    }

    #add(start: number, nextObs: number[], terminated: boolean) {
      const { gamma, capacity } = this.options;
      const steps = this.#episode.slice(start);
      const reward = Math.fround(steps.reduce((sum, step, i) => sum + gamma ** i * step.reward, 0));
      const discount = terminated ? 0 : Math.fround(gamma ** steps.length);
      const { obs, action, frame } = steps[0]!;
      this.transitions.push({ obs, action, reward, nextObs, discount, frame });
      if (this.transitions.length > capacity) this.transitions.shift();
      this.#completed = start + 1;
    }
  }

  it.each(Array.from({ length: 40 }, (_, seed) => seed))("random episodes, seed %i", (seed) => {
    const random = new Random(`property/${seed}`);
    const integer = (low: number, high: number) => low + random.integer(high - low + 1);
    const capacity = integer(1, 30);
    const nStep = integer(1, 5);
    const discreteActions = random.random() < 0.5;
    const obsSize = [1, 3, 16, 17, 40][random.integer(5)]!;
    const options: Required<TransitionStoreOptions> = {
      capacity,
      obsShape: [obsSize],
      obsDtype: random.random() < 0.5 ? "float32" : "uint8",
      action: discreteActions ? discrete : { dtype: "float32", shape: [integer(1, 3)] },
      gamma: random.random(),
      nStep,
      frameStack: 1,
      firstFrame: 0,
      frameCapacity: random.random() < 0.5 ? 2 * capacity + nStep : integer(nStep + 1, capacity + nStep + 1),
    };
    let store = new TransitionStore(options);
    const naive = new NaiveStore(options);
    const randomObs = () => Array.from({ length: obsSize }, () => random.integer(256));

    let obs = randomObs();
    let running = false;
    for (let step = 0; step < 400; step++) {
      const action = Array.from({ length: store.actionSize }, () => random.integer(7));
      const reward = random.normal();
      const nextObs = randomObs();
      const terminated = random.random() < 0.1;
      const truncated = random.random() < 0.1;
      store.append(obs, discreteActions ? action[0]! : action, reward, nextObs, terminated, truncated);
      naive.append(obs, action, reward, nextObs, terminated, truncated);
      running = !terminated && !truncated;
      obs = running ? nextObs : randomObs();
      if (running && random.random() < 0.05) {
        store.stopEpisode();
        naive.end(nextObs, false);
        obs = randomObs();
      }
      if (random.random() < 0.1) {
        const restored = new TransitionStore(options);
        restored.loadState(store.saveState());
        store = restored;
      }
      expect(store.framesWritten).toBe(naive.framesWritten);
      expect(contents(store, discreteActions)).toEqual(
        naive.transitions.map(({ frame: _, ...transition }) => transition),
      );
    }
  });
});

describe("saveState and loadState", () => {
  it("saves what is used and no more", () => {
    const store = new TransitionStore({ ...defaults, capacity: 1000, nStep: 3 });
    episode(store, 10, 4, "running");
    expect(store.saveState()).toEqual({
      format: "capacity 1000, frameCapacity 2003, obs 1 × float32, action 1 × int32, gamma 0.5, nStep 3",
      begin: 0,
      obsFrame: new Uint32Array([0, 1]),
      nextFrame: new Uint32Array([3, 4]),
      action: new Int32Array([0, 1]),
      reward: new Float32Array([3, 6]),
      discount: new Float32Array([0.125, 0.125]),
      frames: new Float32Array([10, 11, 12, 13, 14]),
      masks: null,
      framesWritten: 5,
      inEpisode: true,
      pendingAction: new Int32Array([2, 3]),
      pendingReward: new Float64Array([4, 8]),
    });
  });

  it("is a snapshot: later steps do not change it", () => {
    const store = new TransitionStore({ ...defaults, capacity: 2, frameCapacity: 3 });
    episode(store, 10, 2, "running");
    const state = store.saveState();
    const before = rows(store);
    episode(store, 50, 5, "terminated");
    const restored = new TransitionStore({ ...defaults, capacity: 2, frameCapacity: 3 });
    restored.loadState(state);
    expect(rows(restored)).toEqual(before);
  });

  it("replaces what the store held, and goes on with the running episode", () => {
    const options = { ...defaults, capacity: 4, nStep: 2 };
    const saved = new TransitionStore(options);
    episode(saved, 10, 3, "running");
    const restored = new TransitionStore(options);
    episode(restored, 70, 9, "running");
    restored.loadState(saved.saveState());
    for (const store of [saved, restored]) store.append([13], 3, 8, [14], true, false);
    expect(rows(restored)).toEqual(rows(saved));
    expect(rows(restored)).toEqual([
      [10, 0, 2, 12, 0.25],
      [11, 1, 4, 13, 0.25],
      [12, 2, 8, 14, 0],
      [13, 3, 8, 14, 0],
    ]);
  });

  it("refuses the state of a store with other options", () => {
    const state = new TransitionStore(defaults).saveState();
    expect(() => new TransitionStore({ ...defaults, gamma: 0.9 }).loadState(state)).toThrow(
      new UsageError(
        "replay: a saved store must have the options of the one it is loaded into; got " +
          "capacity 10, frameCapacity 21, obs 1 × float32, action 1 × int32, gamma 0.5, nStep 1 and " +
          "capacity 10, frameCapacity 21, obs 1 × float32, action 1 × int32, gamma 0.9, nStep 1. " +
          "Build the replay buffer as it was when it was saved.",
      ),
    );
  });
});

describe("stacked frames", () => {
  /** Episodes of observations of k stacked frames; the first observation of each repeats its frame, as wrappers do. */
  function play(
    stores: readonly TransitionStore[],
    k: number,
    lengths: readonly number[],
    end: "terminated" | "truncated" | "stopped",
  ): void {
    let number = 0;
    for (const length of lengths) {
      let stack = new Array<number[]>(k).fill([++number, number % 7]);
      for (let step = 1; step <= length; step++) {
        const next = [...stack.slice(1), [++number, number % 7]];
        const isLast = step === length;
        for (const store of stores) {
          const flags = [isLast && end === "terminated", isLast && end === "truncated"] as const;
          store.append(Uint8Array.from(stack.flat()), number % 3, number / 2, Uint8Array.from(next.flat()), ...flags);
          if (isLast && end === "stopped") store.stopEpisode();
        }
        stack = next;
      }
    }
  }

  const options = {
    capacity: 20,
    obsShape: [3, 2],
    obsDtype: "uint8",
    action: { dtype: "int32", shape: [] },
    gamma: 0.9,
  } as const;

  /** Everything in the store, by the transitions' numbers. */
  function contents(store: TransitionStore): unknown[] {
    return Array.from({ length: store.size }, (_, i) => {
      const out = {
        obs: new Float32Array(6),
        action: new Float32Array(1),
        reward: new Float32Array(1),
        nextObs: new Float32Array(6),
        discount: new Float32Array(1),
      };
      store.gather([(store.begin + i) % store.capacity], 1, out);
      return out;
    });
  }

  it.each(["terminated", "truncated", "stopped"] as const)("are what was observed (episodes %s)", (end) => {
    for (const nStep of [1, 3]) {
      const plain = new TransitionStore({ ...options, nStep });
      const stacked = new TransitionStore({ ...options, nStep, frameStack: 3 });
      for (const lengths of [[4], [1, 1, 2], [9, 5, 7], [30]]) {
        play([plain, stacked], 3, lengths, end);
        expect(stacked.size).toBe(plain.size);
        expect(contents(stacked)).toEqual(contents(plain));
      }
    }
  });

  it("are stored once, and a whole stack an episode", () => {
    const store = new TransitionStore({ ...options, frameStack: 3 });
    play([store], 3, [4, 2], "terminated");
    expect(store.framesWritten).toBe(4 + 3 + 2 + 3);
  });

  it("drop a transition whose oldest frame is overwritten", () => {
    const store = new TransitionStore({ ...options, frameStack: 3, frameCapacity: 10 });
    play([store], 3, [40], "terminated");
    // ten frames hold the stacks of seven transitions and what came last
    expect(store.size).toBe(7);
    const plain = new TransitionStore({ ...options, capacity: 7 });
    play([plain], 3, [40], "terminated");
    expect(contents(store)).toEqual(contents(plain));
  });

  it("go on from a saved state", () => {
    const store = new TransitionStore({ ...options, frameStack: 3, nStep: 2 });
    play([store], 3, [9, 5, 7], "truncated");
    const other = new TransitionStore({ ...options, frameStack: 3, nStep: 2 });
    other.loadState(structuredClone(store.saveState()));
    play([store, other], 3, [6, 11], "terminated");
    expect(contents(other)).toEqual(contents(store));
    expect(() => new TransitionStore(options).loadState(store.saveState())).toThrow(/must have the options/);
  });

  it("say where observations are no stacks", () => {
    const store = new TransitionStore({ ...options, frameStack: 3 });
    const obs = Uint8Array.of(1, 1, 2, 2, 3, 3);
    expect(() =>
      store.append(obs, 0, 0, Uint8Array.of(2, 2, 9, 3, 4, 4), false, false),
    ).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: replay: with frameStack 3 nextObs must begin with the frames of obs but its first; got 9 for 3 in frame 2. Stack frames along the first axis, or leave frameStack out.]`,
    );
    expect(() => new TransitionStore({ ...options, frameStack: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: replay: the first axis of obsShape must be that of the 2 stacked frames; got (3, 2). Stack frames along the first axis, or leave frameStack out.]`,
    );
  });
});

describe("the next action", () => {
  it("is the one taken where the transition ends, −1 where none was", () => {
    for (const nStep of [1, 2]) {
      const store = new TransitionStore({ ...defaults, capacity: 100, nStep });
      let number = 0;
      const step = (terminated: boolean, truncated: boolean) =>
        store.append([number], number, 0, [++number], terminated, truncated);
      for (let i = 0; i < 4; i++) step(false, i === 3); // actions 0 1 2 3
      for (let i = 0; i < 3; i++) step(false, false); // actions 4 5 6
      const next = Array.from({ length: store.size }, (_, slot) => {
        const nextAction = new Float32Array(1);
        const [obs, action, reward, nextObs, discount] = Array.from({ length: 5 }, () => new Float32Array(1));
        store.gather([slot], 1, {
          obs: obs!,
          action: action!,
          reward: reward!,
          nextObs: nextObs!,
          discount: discount!,
          nextAction,
        });
        return nextAction[0];
      });
      expect(next).toEqual(nStep === 1 ? [1, 2, 3, -1, 5, 6, -1] : [2, 3, -1, -1, 6, -1]);
    }
  });
});
