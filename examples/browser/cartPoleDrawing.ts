/** CartPole as Gymnasium draws it, in the page's colours. */
import type { Scene } from "./messages.ts";

/** Metres from the middle to where an episode ends. */
const reach = 2.4;
const poleLength = 1;

export class CartPoleDrawing {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #scene: Scene | null = null;
  #isAsked = false;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
    new ResizeObserver(() => this.#ask()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#ask());
  }

  /** Draws with the next frame; null for the cart at rest. */
  show(scene: Scene | null): void {
    this.#scene = scene;
    this.#ask();
  }

  #ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#draw();
    });
  }

  #draw(): void {
    const canvas = this.#canvas;
    const c = this.#context;
    const style = getComputedStyle(canvas);
    // by way of a color of its own: not every canvas understands light-dark()
    const color = (name: string) => {
      canvas.style.color = `var(${name})`;
      return style.color;
    };
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = devicePixelRatio;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    c.scale(ratio, ratio);
    const [x, , theta] = this.#scene?.state ?? [0, 0, 0];
    const scale = Math.min(width / (2 * reach + 1), height / 2);
    const ground = 0.8 * height;
    const at = width / 2 + scale * x!;
    // the track, with marks where an episode ends
    c.lineCap = "round";
    c.strokeStyle = color("--line");
    c.lineWidth = 2;
    c.beginPath();
    c.moveTo(width / 2 - scale * (reach + 0.4), ground);
    c.lineTo(width / 2 + scale * (reach + 0.4), ground);
    for (const end of [-reach, reach]) {
      c.moveTo(width / 2 + scale * end, ground - 0.08 * scale);
      c.lineTo(width / 2 + scale * end, ground + 0.08 * scale);
    }
    c.stroke();
    const [cartWidth, cartHeight] = [0.62 * scale, 0.32 * scale];
    const top = ground - 0.1 * scale - cartHeight;
    // which way it is pushed
    if (this.#scene) {
      const side = this.#scene.action === 1 ? 1 : -1;
      const from = at - side * (cartWidth / 2 + 0.34 * scale);
      const to = at - side * (cartWidth / 2 + 0.1 * scale);
      const middle = top + cartHeight / 2;
      c.strokeStyle = color("--muted");
      c.lineWidth = 2.5;
      c.beginPath();
      c.moveTo(from, middle);
      c.lineTo(to, middle);
      c.moveTo(to - side * 0.09 * scale, middle - 0.07 * scale);
      c.lineTo(to, middle);
      c.lineTo(to - side * 0.09 * scale, middle + 0.07 * scale);
      c.stroke();
    }
    c.fillStyle = color("--text");
    for (const wheel of [-0.3, 0.3]) {
      c.beginPath();
      c.arc(at + wheel * cartWidth, ground - 0.09 * scale, 0.09 * scale, 0, 2 * Math.PI);
      c.fill();
    }
    c.beginPath();
    c.roundRect(at - cartWidth / 2, top, cartWidth, cartHeight, 0.06 * scale);
    c.fill();
    // the pole, turned about the cart's upper edge; positive angles lean to the right
    c.strokeStyle = color("--accent");
    c.lineWidth = 0.12 * scale;
    c.beginPath();
    c.moveTo(at, top);
    c.lineTo(at + scale * poleLength * Math.sin(theta!), top - scale * poleLength * Math.cos(theta!));
    c.stroke();
    c.fillStyle = color("--axle");
    c.beginPath();
    c.arc(at, top, 0.06 * scale, 0, 2 * Math.PI);
    c.fill();
  }
}
