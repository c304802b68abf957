import { describe, expect, it } from "vitest";
import {
  Box,
  Discrete,
  Env,
  type EnvMetadata,
  type Info,
  inspectEnv,
  make,
  type ResetOptions,
  type StepResult,
} from "../../src/envs/index.ts";
import type { DrawList } from "../../src/index.ts";
import type { State } from "../../src/state.ts";

/** Nothing is wrong with it; each test breaks one thing. */
class Corridor extends Env<Float32Array, number> {
  override readonly observationSpace: Box = new Box(0, 1, { shape: [1] });
  override readonly actionSpace = new Discrete(2);
  place = 0;

  override reset({ seed }: ResetOptions = {}): [obs: Float32Array, info: Info] {
    this.seedRandom(seed);
    this.place = 0;
    return [this.look(), {}];
  }
  override step(action: number): StepResult<Float32Array> {
    this.place += action;
    return [this.look(), 1, this.place > 8, false, {}];
  }
  look(): Float32Array {
    return Float32Array.of(Math.min(1, this.place / 9));
  }
  override saveState(): State {
    return { env: super.saveState(), place: this.place };
  }
  override loadState(state: State): void {
    const { env, place } = state as { env: State; place: number };
    super.loadState(env);
    this.place = place;
  }
}

class Drawn extends Corridor {
  override metadata: EnvMetadata = { renderModes: ["drawList", "svg"], renderFps: 1 };
  override draw(): DrawList {
    return { width: 10, height: 10, background: "#ffffff", shapes: [] };
  }
}

const one = new Float32Array(1);
const broken: Record<string, Corridor> = {
  "no space": new (class extends Corridor {
    override readonly actionSpace = null as never;
  })(),
  "bounds that meet": new (class extends Corridor {
    override readonly observationSpace = new Box(0, 0, { shape: [1] });
    override look = () => new Float32Array(1);
  })(),
  "no info at reset": new (class extends Corridor {
    override reset = () => [one] as never;
  })(),
  "info that is no object": new (class extends Corridor {
    override reset = () => [one, null] as never;
  })(),
  "a first observation of its own each time": new (class extends Corridor {
    override reset = () => [Float32Array.of(Math.random()), {}] as never;
  })(),
  "outside the space": new (class extends Corridor {
    override look = () => Float32Array.of(this.place);
  })(),
  "not a number": new (class extends Corridor {
    override step = () => [Float32Array.of(Number.NaN), 1, false, false, {}] as never;
  })(),
  "another type": new (class extends Corridor {
    override look = () => Float64Array.of(0) as never;
  })(),
  "a reward that is a text": new (class extends Corridor {
    override step = () => [one, "1", false, false, {}] as never;
  })(),
  "one flag": new (class extends Corridor {
    override step = () => [one, 1, false, {}] as never;
  })(),
  "another course each time": new (class extends Corridor {
    override step = () => [Float32Array.of(Math.random()), 1, false, false, {}] as never;
  })(),
  "no way on after the end": new (class extends Corridor {
    override step(action: number) {
      if (this.place > 8) throw new TypeError("over");
      return super.step(action);
    }
  })(),
  "one array for all": new (class extends Corridor {
    #array = new Float32Array(1);
    override look = () => this.#array.fill(Math.min(1, this.place / 9));
  })(),
  "a state that is not saved": new (class extends Corridor {
    override saveState = () => ({ env: Env.prototype.saveState.call(this), place: 0 });
  })(),
  "shapes without a place": new (class extends Drawn {
    override draw(): DrawList {
      return { ...super.draw(), shapes: [{ kind: "circle", x: Number.NaN, y: 0, radius: 1, fill: "#000000" }] };
    }
  })(),
  "a picture that moves things": new (class extends Drawn {
    override draw(): DrawList {
      this.place++;
      return super.draw();
    }
  })(),
  "no number of steps a second": new (class extends Drawn {
    override metadata: EnvMetadata = { renderModes: ["svg"], renderFps: 0 };
  })(),
  "a picture that fails": new (class extends Drawn {
    override draw(): DrawList {
      throw new RangeError("no paper");
    }
  })(),
};

describe("inspectEnv", () => {
  it("finds nothing wrong where nothing is", () => {
    for (const env of [new Corridor(), new Drawn(), make("CartPole")]) {
      const checks = inspectEnv(env);
      expect(checks.length).toBe(8);
      expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
    }
  });

  it("names what is wrong, and stops there", () => {
    const lines = Object.entries(broken).map(([name, env]) => {
      const checks = inspectEnv(env, { seed: 1 });
      const found = checks.flatMap(({ findings }) => findings.map(({ severity, message }) => `${severity} ${message}`));
      // what chance drew is left out
      return `${name}, ${checks.length} checks: ${found.join(" ").replaceAll(/0\.\d{5,}/g, "#") || "nothing"}`;
    });
    expect(lines).toMatchSnapshot();
  });
});
