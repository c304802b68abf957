import { describe, expect, it } from "vitest";
import {
  type Canvas2d,
  type DrawList,
  drawOnCanvas,
  Env,
  listEnvs,
  make,
  Pendulum,
  type RgbImage,
  toAnsi,
  toRgb,
  toSvg,
} from "../../src/envs/index.ts";
import { drawBlackjack } from "../../src/envs/toy/drawBlackjack.ts";
import { drawCliffWalking } from "../../src/envs/toy/drawCliffWalking.ts";
import { drawFrozenLake } from "../../src/envs/toy/drawFrozenLake.ts";
import { drawTaxi } from "../../src/envs/toy/drawTaxi.ts";
import { TinyAtari } from "./tinyAtari.ts";

/** One of every shape. */
const list: DrawList = {
  width: 20,
  height: 10,
  background: "#ffffff",
  shapes: [
    { kind: "rectangle", x: 1, y: 1, width: 4, height: 3, fill: "#ff0000" },
    { kind: "circle", x: 10, y: 5, radius: 3, fill: "#00ff00", stroke: "#000000", strokeWidth: 0.5 },
    {
      kind: "line",
      points: [
        [0, 9],
        [20, 9],
      ],
      stroke: "#0000ff",
      strokeWidth: 2,
    },
    {
      kind: "polygon",
      points: [
        [15, 1],
        [19, 1],
        [17, 5],
      ],
      fill: "#ffff00",
    },
    { kind: "text", x: 3, y: 7, text: "<&>", size: 5, fill: "#123456", anchor: "start" },
  ],
};

const pixel = ({ width, pixels }: RgbImage, x: number, y: number) =>
  Array.from(pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3));

describe("toSvg", () => {
  it("writes every shape, and escapes text", () => {
    expect(toSvg(list)).toMatchInlineSnapshot(
      `"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10" viewBox="0 0 20 10" stroke-linecap="round" stroke-linejoin="round"><rect width="20" height="10" fill="#ffffff"/><rect x="1" y="1" width="4" height="3" fill="#ff0000"/><circle cx="10" cy="5" r="3" fill="#00ff00" stroke="#000000" stroke-width="0.5"/><polyline points="0,9 20,9" fill="none" stroke="#0000ff" stroke-width="2"/><polygon points="15,1 19,1 17,5" fill="#ffff00"/><text x="3" y="7" font-size="5" fill="#123456" text-anchor="start" font-family="monospace" dominant-baseline="central">&lt;&amp;&gt;</text></svg>"`,
    );
  });
});

describe("toRgb", () => {
  it("paints what lies inside, later shapes over earlier ones", () => {
    const image = toRgb(list);
    expect([image.width, image.height, image.pixels.length]).toEqual([20, 10, 600]);
    expect(pixel(image, 2, 2)).toEqual([255, 0, 0]);
    expect(pixel(image, 0, 0)).toEqual([255, 255, 255]);
    expect(pixel(image, 5, 2)).toEqual([255, 255, 255]);
    expect(pixel(image, 10, 3)).toEqual([0, 255, 0]);
    expect(pixel(image, 5, 8)).toEqual([0, 0, 255]);
    expect(pixel(image, 5, 9)).toEqual([0, 0, 255]);
    expect(pixel(image, 17, 2)).toEqual([255, 255, 0]);
  });

  it("mixes colours along edges by the area covered", () => {
    const half: DrawList = {
      ...list,
      shapes: [{ kind: "rectangle", x: 0.5, y: 0, width: 2, height: 0.5, fill: "#000000" }],
    };
    const image = toRgb(half);
    expect([0, 1, 2, 3].map((x) => pixel(image, x, 0)[0])).toEqual([191, 128, 191, 255]);
  });

  it("covers a circle's area, at every scale", () => {
    const disc: DrawList = {
      ...list,
      height: 20,
      shapes: [{ kind: "circle", x: 10, y: 10, radius: 8, fill: "#000000" }],
    };
    for (const scale of [0.5, 1, 3]) {
      const { pixels } = toRgb(disc, scale);
      const ink = pixels.reduce((sum, value) => sum + (255 - value), 0) / 255 / 3 / scale ** 2;
      expect(Math.abs(ink - Math.PI * 64)).toBeLessThan(3);
    }
  });

  it("cuts shapes that lie outside", () => {
    const far: DrawList = { ...list, shapes: [{ kind: "circle", x: -50, y: 500, radius: 60, fill: "#000000" }] };
    expect(new Set(toRgb(far).pixels)).toEqual(new Set([255]));
  });

  it("refuses colours of another form", () => {
    const named: DrawList = { ...list, background: "white" };
    expect(() => toRgb(named)).toThrowErrorMatchingInlineSnapshot(
      `[UsageError: render: a colour must look like #rrggbb; got white. Change it in the draw list.]`,
    );
  });
});

describe("toAnsi", () => {
  it("writes shades where colours are off, and letters as letters", () => {
    expect(`\n${toAnsi(list, { columns: 40, coloured: false })}`).toMatchInlineSnapshot(`
      "

        %%%%%%%%       :-++-:       :------:
        %%%%%%%%    .+#%####%#+.     :----:
        %%%%%%%%   :%#********#%:     :--:
                   *%**********%*      ::
                   *%**********%*
                   :%#********#%:
            <&>     .+#%####%#+.
      %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%
      %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"
    `);
  });

  it("writes two pixels a character in 24-bit colours", () => {
    const flag: DrawList = {
      width: 2,
      height: 2,
      background: "#ffffff",
      shapes: [{ kind: "rectangle", x: 0, y: 0, width: 1, height: 1, fill: "#0072b2" }],
    };
    expect(JSON.stringify(toAnsi(flag, { columns: 2, coloured: true }))).toMatchInlineSnapshot(
      `""\\u001b[38;2;0;114;178;48;2;255;255;255m▀\\u001b[38;2;255;255;255;48;2;255;255;255m▀\\u001b[0m""`,
    );
  });

  it("fits into the lines given", () => {
    const lines = toAnsi(list, { columns: 60, lines: 5, coloured: false }).split("\n");
    expect(lines.length).toBeLessThanOrEqual(5);
  });
});

describe("drawOnCanvas", () => {
  it("draws with the canvas' own methods", () => {
    const calls: string[] = [];
    const context = new Proxy({} as Record<string, unknown>, {
      get:
        (_, name) =>
        (...values: unknown[]) =>
          calls.push(`${String(name)}(${values.join(", ")})`),
      set: (_, name, value) => {
        calls.push(`${String(name)} = ${value}`);
        return true;
      },
    });
    drawOnCanvas(context as unknown as Canvas2d, list, 2);
    expect(calls.join("; ")).toMatchInlineSnapshot(
      `"save(); scale(2, 2); fillStyle = #ffffff; fillRect(0, 0, 20, 10); lineCap = round; lineJoin = round; beginPath(); rect(1, 1, 4, 3); fillStyle = #ff0000; fill(); beginPath(); arc(10, 5, 3, 0, 6.283185307179586); fillStyle = #00ff00; fill(); lineWidth = 0.5; strokeStyle = #000000; stroke(); beginPath(); moveTo(0, 9); lineTo(20, 9); lineWidth = 2; strokeStyle = #0000ff; stroke(); beginPath(); moveTo(15, 1); lineTo(19, 1); lineTo(17, 5); closePath(); fillStyle = #ffff00; fill(); font = 5px monospace; textAlign = start; textBaseline = middle; fillStyle = #123456; fillText(<&>, 3, 7); restore()"`,
    );
  });
});

describe("pictures of the toy texts", () => {
  const pictures: Record<string, DrawList> = {
    "FrozenLake, to the right": drawFrozenLake(["SFFF", "FHFH", "FFFH", "HFFG"], 6, 2),
    "CliffWalking before the first step": drawCliffWalking(36, null),
    "Taxi, the passenger waits": drawTaxi(((2 * 5 + 1) * 5 + 0) * 4 + 3),
    "Taxi, the passenger rides": drawTaxi(((2 * 5 + 3) * 5 + 4) * 4 + 2),
    "Blackjack, the dealer's turn is to come": drawBlackjack([1, 7, 3], [10, 6], 21, false),
    "Blackjack, the end": drawBlackjack([10, 7], [10, 6, 5], 17, true),
  };
  it.each(Object.entries(pictures))("%s", (_name, picture) => {
    expect(`\n${toAnsi(picture, { columns: 48, coloured: false })}`).toMatchSnapshot();
  });
});

describe("environments", () => {
  const drawn = listEnvs().filter((id) => make(id).metadata.renderModes.length > 0);

  it("the built-in ones are drawn", () => {
    expect(drawn).toEqual(expect.arrayContaining(["CartPole-v1", "MountainCar-v0", "Pendulum-v1", "ABC-v0"]));
  });

  it.each(drawn)("%s shows that it has moved", (id) => {
    const env = make(id, { renderMode: "svg" });
    env.reset({ seed: 1 });
    env.actionSpace.seed(1);
    const pictures = new Set([env.render()]);
    for (let i = 0; i < 20; i++) {
      const [, , terminated, truncated] = env.step(env.actionSpace.sample());
      pictures.add(env.render());
      if (terminated || truncated) env.reset();
    }
    expect(pictures.size).toBeGreaterThan(1);
    expect([...pictures].filter((svg) => /NaN|undefined/.test(svg as string))).toEqual([]);
  });

  it("Pendulum's torque is in its picture, and in its saved state", () => {
    const env = new Pendulum();
    env.reset({ options: { state: [0, 0] } });
    expect(env.draw().shapes.length).toBe(4);
    env.step([2]);
    const other = new Pendulum();
    other.loadState(env.saveState());
    expect(other.draw()).toEqual(env.draw());
    expect(env.draw().shapes.length).toBe(6);
  });

  it("CartPole at rest, as SVG", () => {
    const env = make("CartPole", { renderMode: "svg" });
    env.reset({ options: { state: [0, 0, 0, 0] } });
    expect(env.render()).toMatchInlineSnapshot(
      `"<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400" viewBox="0 0 600 400" stroke-linecap="round" stroke-linejoin="round"><rect width="600" height="400" fill="#f7f7f7"/><rect x="0" y="299" width="600" height="2" fill="#8c8c8c"/><polyline points="60,290 60,310" fill="none" stroke="#d55e00" stroke-width="3"/><polyline points="540,290 540,310" fill="none" stroke="#d55e00" stroke-width="3"/><rect x="268" y="258" width="64" height="32" fill="#404040"/><circle cx="282" cy="292" r="8" fill="#000000"/><circle cx="318" cy="292" r="8" fill="#000000"/><polygon points="295,275 295,175 305,175 305,275" fill="#e69f00"/><circle cx="300" cy="270" r="5" fill="#0072b2"/></svg>"`,
    );
  });

  it("the mode is a property of wrapped environments too", () => {
    const env = make("ABC", { renderMode: "svg" });
    expect(env.renderMode).toBe("svg");
    env.renderMode = "drawList";
    expect(env.unwrapped.renderMode).toBe("drawList");
    env.reset();
    expect(env.render()).toEqual(env.draw());
  });

  it("says what must hold", () => {
    const bad = {
      "no mode": () => {
        const env = make("CartPole");
        env.reset();
        env.render();
      },
      "an unknown mode": () => make("CartPole", { renderMode: "rgb_array" as never }),
      "a mode of Gymnasium's that is not here": () => make("CartPole", { renderMode: "human" as never }),
      "a mode of what cannot be drawn": () => {
        new TinyAtari().renderMode = "svg";
      },
      "what cannot be drawn": () => new TinyAtari().render(),
      "no draw method": () => Env.prototype.draw.call(new TinyAtari()),
      "before the first reset": () => make("CartPole", { renderMode: "svg" }).render(),
      "an unknown wrapper": () => make("CartPole", { wrappers: ["FrameStack"] }),
      "an unknown option of a wrapper": () =>
        make("CartPole", { wrappers: [{ name: "FrameStackObservation", stackSise: 4 }] }),
    };
    const messages = Object.entries(bad).map(([name, act]) => {
      try {
        act();
        return `${name}: nothing was said`;
      } catch (error) {
        return `${name}: ${(error as Error).message}`;
      }
    });
    expect(messages).toMatchInlineSnapshot(`
      [
        "no mode: CartPole.render: renderMode must be one of drawList, svg, rgbArray, ansi; got none. Make it with make("CartPole-v1", { renderMode: "drawList" }).",
        "an unknown mode: CartPole: renderMode must be one of drawList, svg, rgbArray, ansi; got rgb_array. Did you mean rgbArray?",
        "a mode of Gymnasium's that is not here: CartPole: renderMode must be one of drawList, svg, rgbArray, ansi; got human. Leave it out.",
        "a mode of what cannot be drawn: TinyAtari: renderMode must be left out, for it cannot be drawn; got svg. Leave it out.",
        "what cannot be drawn: TinyAtari.render: the environment must have a picture; got none. Add a draw method to it.",
        "no draw method: TinyAtari.draw: the environment must have a picture; got none. Add a draw method to it.",
        "before the first reset: CartPole.render: an episode must have begun; got a picture before the first reset. Call reset() first.",
        "an unknown wrapper: make: a wrapper of CartPole must be one of AddRenderObservation, AtariPreprocessing, CastObservation, ClipAction, ClipReward, FireReset, FlattenObservation, FlickerFrame, FrameStackObservation, GrayscaleObservation, MaxAndSkipObservation, NoopReset, RandomizeAction, RescaleAction, ResizeObservation, ScaledFloatFrame, ScaleReward, SelectObservation, SignReward, StickyAction, TimeAwareObservation, WarpFrame; got FrameStack. Did you mean FrameStackObservation?",
        "an unknown option of a wrapper: make: FrameStackObservation takes stackSize, padding; got stackSise. Did you mean stackSize?",
      ]
    `);
  });
});
