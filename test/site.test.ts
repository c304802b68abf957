/** The site: every link leads somewhere, everything public is explained, nothing comes from the network. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as kusari from "kusari";
import { afterAll, describe, expect, it } from "vitest";
import { highlight } from "../scripts/site/highlight.ts";
import { convertMarkdown } from "../scripts/site/markdown.ts";
import { Site } from "../scripts/site/site.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = mkdtempSync(path.join(tmpdir(), "site-"));
afterAll(() => rmSync(out, { recursive: true }));

const places = new Site(root, out, kusari).build();
const pages = new Map(places.map((place) => [place, readFileSync(path.join(out, place), "utf8")]));
const files = new Set(places);

const idsOf = (html: string) => new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!));
const ids = new Map([...pages].map(([place, html]) => [place, idsOf(html)]));

describe("the site", () => {
  it("has a page for everything", () => {
    expect(pages.size).toBeGreaterThan(40);
    for (const place of ["index.html", "quickstart.html", "docs/gpu.html", "docs/notebook.html", "api/agents.html"]) {
      expect(files.has(place), place).toBe(true);
    }
    for (const [place, html] of pages) expect(/<h1[ >]/.test(html), place).toBe(true);
    for (const [place, html] of pages) expect(html, place).toMatch(/<title>[^<]+<\/title>/);
  });

  it.each([...pages])("links and pictures of %s are there", (place, html) => {
    const targets = [...html.matchAll(/ (?:href|src|srcset)="([^"]*)"/g)].map(([, target]) => target!);
    expect(targets.length).toBeGreaterThan(10);
    const broken = targets.filter((target) => {
      if (/^(https?|mailto|data):/.test(target)) return false;
      const [name = "", anchor] = target.split("#");
      const there = name === "" ? place : path.posix.join(path.posix.dirname(place), name);
      if (anchor !== undefined) return !ids.get(there)?.has(decodeURIComponent(anchor));
      if (files.has(there)) return false;
      try {
        return readFileSync(path.join(out, there)).length === 0;
      } catch {
        return true;
      }
    });
    expect(broken).toEqual([]);
  });

  it("ids are used once a page", () => {
    for (const [place, html] of pages) {
      expect([...html.matchAll(/ id="([^"]+)"/g)].length, place).toBe(ids.get(place)!.size);
    }
  });

  it("begins with a line about it, then the picture and the commands of the README", () => {
    const home = pages.get("index.html")!;
    const hero = /<div class="hero">([\s\S]*?)<figure>/.exec(home)![1]!;
    expect(hero).toMatch(/<p>Reinforcement learning for TypeScript/);
    expect(hero).not.toMatch(/<code>|<img|```/);
    expect(home).toMatch(/<img src="docs\/pictures\/dashboard\.png"/);
    expect(home).toMatch(/<pre><code>git clone[^<]*npm test/);
    expect(home).not.toContain("Japanese for chain");
  });

  it("loads nothing from elsewhere", () => {
    for (const [place, html] of pages) {
      expect(
        html.match(/<(?:img|script|link|source|iframe)[^>]*(?:src|href|srcset)="(?:https?:)?\/\/[^>]*/g),
        place,
      ).toBeNull();
    }
    expect(readFileSync(path.join(out, "style.css"), "utf8")).not.toMatch(/url\(|@import/);
  });

  it("explains every name that the package exports", () => {
    const explained = new Set(
      [...pages]
        .filter(([place]) => place.startsWith("api/"))
        .flatMap(([, html]) =>
          [...html.matchAll(/<h2 id="[^"]+"><span class="kind">\w+<\/span> (\w+)</g)].map(([, name]) => name!),
        ),
    );
    const names = [...Object.keys(kusari), ...Object.keys(kusari.autograd), ...Object.keys(kusari.returns)];
    expect(names.length).toBeGreaterThan(300);
    expect(names.filter((name) => !explained.has(name) && !["autograd", "returns"].includes(name))).toEqual([]);
  });

  it("tells members, errors and defaults", () => {
    const envs = pages.get("api/envs.html")!;
    expect(envs).toMatch(/reset\(options\?: <a href="envs\.html#resetoptions">ResetOptions<\/a>\)/);
    expect(envs).toContain('<span class="tag">throws</span> UsageError where there is none');
    expect(pages.get("api/agents.html")).toMatch(
      /<code>gamma<\/code><\/td><td><code>0\.99<\/code><\/td><td>discount per/,
    );
    expect(pages.get("api/agents.html")).toContain("Human-level control through deep reinforcement learning");
  });
});

describe("markdown", () => {
  const html = (source: string) => convertMarkdown(source, (target) => `to/${target}`).html;

  it("marks within lines", () => {
    expect(html("a *b* **c** `d*e*` [f `g`](h) ![i](j) 2 * 3 * 4 snake_case_name _k_ <l> & m")).toBe(
      '<p>a <em>b</em> <strong>c</strong> <code>d*e*</code> <a href="to/h">f <code>g</code></a> <img src="to/j" alt="i" loading="lazy"> ' +
        "2 * 3 * 4 snake_case_name <em>k</em> <l> &amp; m</p>",
    );
  });

  it("lists in lists, and code in them", () => {
    expect(html("- a\n  b\n  - c\n\n  ```ts\n  1\n  ```\n- d\n\n3. e").replaceAll("\n", "")).toBe(
      '<ul><li>ab<ul><li>c</li></ul><pre><code><span class="number">1</span></code></pre></li><li>d</li></ul><ol><li>e</li></ol>',
    );
  });

  it("tables, with bars in code", () => {
    expect(html("| a | b |\n|---|--:|\n| `x|y` | |\n| c | d |")).toBe(
      '<div class="table"><table><thead><tr><th>a</th><th style="text-align: right">b</th></tr></thead><tbody>' +
        '<tr><td><code>x|y</code></td><td style="text-align: right"></td></tr><tr><td>c</td><td style="text-align: right">d</td></tr></tbody></table></div>',
    );
  });

  it("headings with anchors as GitHub makes them", () => {
    const { headings } = convertMarkdown("# `rl` – it's 2 × 3\n## A\n## A", (target) => target);
    expect(headings.map(({ id }) => id)).toEqual(["rl--its-2--3", "a", "a-1"]);
  });

  it("code has classes", () => {
    expect(highlight('const a = "<b>"; // 1', "ts")).toBe(
      '<span class="keyword">const</span> a = <span class="string">&quot;&lt;b&gt;&quot;</span>; <span class="comment">// 1</span>',
    );
  });
});
