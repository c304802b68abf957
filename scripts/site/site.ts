/** The site: the repository's Markdown, its notebook, the reference of its names, and the sources that they link to. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { readNotebook, textOf } from "../notebook/notebook.ts";
import { ApiPages } from "./apiPages.ts";
import { escapeHtml, highlight } from "./highlight.ts";
import { convertMarkdown, inlineHtml } from "./markdown.ts";
import { notebookPage } from "./notebookPage.ts";
import { style } from "./style.ts";

interface Page {
  /** `docs/gpu.html`, relative to the site. */
  readonly place: string;
  readonly title: string;
  readonly html: string;
}

/** Links of the navigation under their common title. */
type NavigationGroup = readonly [group: string, links: readonly (readonly [title: string, place: string])[]];

const notebook = "notebooks/quickstart.ipynb";
/** Guides in the order in which one reads them; those that are not here follow. */
const order = [
  "notebook",
  "cli",
  "environments",
  "q-agents",
  "async-actors",
  "results",
  "debugging",
  "autograd",
  "gpu",
];

const firstHeading = (markdown: string): string => /^# (.*)$/m.exec(markdown)?.[1] ?? "";
/** The sentence behind the title, for a card. */
const firstSentence = (markdown: string): string => {
  const paragraph = markdown.split(/\n\s*\n/).find((block) => /^[A-Za-z`[]/.test(block)) ?? "";
  return /^[\s\S]*?[.:](?=\s|$)/.exec(paragraph)?.[0].replace(/:$/, ".") ?? "";
};

/** HTML of a line without its links. */
const unlinked = (markdown: string): string =>
  inlineHtml(markdown, (target) => target).replaceAll(/<\/?a\b[^>]*>/g, "");

const card = (place: string, title: string, text: string): string =>
  `<li><a href="${place}"><strong>${unlinked(title)}</strong><span>${unlinked(text)}</span></a></li>`;

export class Site {
  readonly #root: string;
  readonly #out: string;
  readonly #pages = new Map<string, Page>();
  readonly #assets = new Set<string>();
  readonly #api: ApiPages;

  /**
   * @param root the repository, which has been built
   * @param out a folder that is emptied
   * @param values what the package exports
   */
  constructor(root: string, out: string, values: Readonly<Record<string, unknown>>) {
    this.#root = root;
    this.#out = out;
    this.#api = new ApiPages(root, values);
  }

  /** Writes the site. @returns the places of its pages */
  build(): string[] {
    const docs = readdirSync(path.join(this.#root, "docs")).filter((name) => name.endsWith(".md"));
    const rank = (name: string) => (order.indexOf(name.slice(0, -3)) + order.length + 1) % (order.length + 1);
    docs.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    for (const name of docs) this.#markdownPage(`docs/${name}`);
    for (const name of readdirSync(path.join(this.#root, "docs/decisions")).sort())
      this.#markdownPage(`docs/decisions/${name}`);
    this.#markdownPage("CONTRIBUTING.md");
    this.#markdownPage("CHANGELOG.md");
    this.#notebookPage();
    for (const { name, html } of this.#api.pages()) this.#add({ place: `api/${name}.html`, title: name, html });
    this.#home(docs);
    rmSync(this.#out, { recursive: true, force: true });
    const navigation = this.#navigation(docs);
    for (const page of this.#pages.values()) this.#write(page, navigation);
    for (const file of this.#assets) this.#copy(file);
    writeFileSync(path.join(this.#out, "style.css"), style);
    return [...this.#pages.keys()];
  }

  #read = (file: string): string => readFileSync(path.join(this.#root, file), "utf8");

  #add(page: Page): void {
    this.#pages.set(page.place, page);
  }

  /** Where a file of the repository is found in the site; makes its page, or copies it, if need be. */
  #placeOf(file: string): string {
    const full = path.join(this.#root, file);
    if (!existsSync(full)) throw new Error(`A page links to ${file}, which is not there.`);
    if (file === "." || file === "README.md") return "index.html";
    if (file === notebook) return "quickstart.html";
    if (statSync(full).isDirectory()) {
      const readme = `${file}/README.md`;
      return existsSync(path.join(this.#root, readme)) ? this.#placeOf(readme) : this.#listing(file);
    }
    if (file.endsWith(".md")) {
      this.#markdownPage(file);
      return file.replace(/\.md$/, ".html");
    }
    if (/\.(png|svg|gif|jpg)$/.test(file)) {
      this.#assets.add(file);
      return file;
    }
    return this.#sourcePage(file);
  }

  /** Links from a file of the repository, as they are from its page. */
  #resolver(file: string, place: string) {
    return (target: string): string => {
      if (/^([a-z]+:|#)/.test(target)) return target;
      const [name = "", anchor] = target.split("#");
      const there = path.posix.join(path.posix.dirname(file), name).replace(/\/$/, "");
      const relative = path.posix.relative(path.posix.dirname(place), this.#placeOf(there));
      return anchor ? `${relative}#${anchor}` : relative;
    };
  }

  #markdownPage(file: string): void {
    const place = file.replace(/\.md$/, ".html");
    if (this.#pages.has(place)) return;
    const markdown = this.#read(file);
    // pages that link to each other: the place is taken before it is filled
    this.#add({ place, title: "", html: "" });
    const { html } = convertMarkdown(markdown, this.#resolver(file, place));
    this.#add({ place, title: firstHeading(markdown), html });
  }

  #sourcePage(file: string): string {
    const place = `source/${file}.html`;
    if (this.#pages.has(place)) return place;
    const language = path.extname(file).slice(1);
    const code = highlight(this.#read(file), language === "mjs" ? "js" : language);
    this.#add({ place, title: file, html: `<h1>${escapeHtml(file)}</h1>\n<pre><code>${code}</code></pre>` });
    return place;
  }

  /** The files of a folder without a README. */
  #listing(folder: string): string {
    const place = `source/${folder}/index.html`;
    if (this.#pages.has(place)) return place;
    this.#add({ place, title: folder, html: "" });
    const names = readdirSync(path.join(this.#root, folder)).sort();
    const links = names.map((name) => {
      const there = path.posix.relative(path.posix.dirname(place), this.#placeOf(`${folder}/${name}`));
      return `<li><a href="${there}">${name}</a></li>`;
    });
    this.#add({ place, title: folder, html: `<h1>${folder}</h1>\n<ul>${links.join("")}</ul>` });
    return place;
  }

  #notebookPage(): void {
    const { html } = notebookPage(path.join(this.#root, notebook), this.#resolver(notebook, "quickstart.html"));
    this.#add({ place: "quickstart.html", title: "The quickstart notebook", html });
  }

  /** The film of the trained agent in the notebook. */
  #film(): string {
    const cell = readNotebook(path.join(this.#root, notebook)).cells.find(({ id }) => id === "after");
    const output = cell?.cell_type === "code" ? cell.outputs[0] : undefined;
    const html = output && "data" in output ? textOf(output.data["text/html"] as string | string[]) : "";
    const source = /src="([^"]+)"/.exec(html)?.[1];
    if (!source) throw new Error(`${notebook} must show a film in its cell "after". Run npm run notebook.`);
    return source;
  }

  #home(docs: readonly string[]): void {
    const markdown = this.#read("README.md");
    const [, tagline = "", rest = ""] = /^# .*\n+([\s\S]*?)\n\n([\s\S]*)$/.exec(markdown) ?? [];
    const resolve = this.#resolver("README.md", "index.html");
    // the cards below are what the last section of the README is
    const body = convertMarkdown(
      rest.replace(/^鎖.*\n+/m, "").replace(/## Where to go next[\s\S]*?(?=\nMIT licence|$)/, ""),
      resolve,
    );
    const described = new Map(
      [...markdown.matchAll(/^\* \[docs\/([\w-]+\.md)\]\([^)]*\): (.*)$/gm)].map(([, name, text]) => [name!, text!]),
    );
    const cards = docs.map((name) => {
      const text = this.#read(`docs/${name}`);
      return card(
        `docs/${name.replace(/\.md$/, ".html")}`,
        firstHeading(text),
        described.get(name) ?? firstSentence(text),
      );
    });
    const html = `<div class="hero"><div><h1>Kusari<span lang="ja">鎖</span></h1><p>${inlineHtml(tagline, resolve)}</p>
<p><a href="quickstart.html">The quickstart notebook</a> · <a href="api/index.html">API</a></p></div>
<figure><img src="${this.#film()}" alt="A cart balances a pole"><figcaption>CartPole after some ten thousand steps, a second or two of learning:
<a href="quickstart.html">from the quickstart</a>.</figcaption></figure></div>
${body.html}
<h2 id="guides">Guides</h2>
<ul class="cards">${cards.join("\n")}</ul>`;
    this.#add({ place: "index.html", title: "Kusari", html });
    const names = this.#api.pages().map(({ name, about }) => card(`${name}.html`, name, about));
    this.#add({
      place: "api/index.html",
      title: "API",
      html: `<h1>API</h1><ul class="cards">${names.join("\n")}</ul>`,
    });
  }

  /** Groups of links: titles and places. */
  #navigation(docs: readonly string[]): NavigationGroup[] {
    const title = (place: string) => this.#pages.get(place)!.title;
    const page = (place: string): [string, string] => [title(place), place];
    const examples = [
      "examples/cartpole/README.html",
      "examples/atari-lite/README.html",
      "examples/browser/README.html",
    ];
    return [
      ["Start", [["Home", "index.html"], ["Quickstart", "quickstart.html"], ...examples.filter((place) => this.#pages.has(place)).map(page)]],
      ["Guides", docs.map((name) => page(`docs/${name.replace(/\.md$/, ".html")}`))],
      ["API", this.#api.pages().map(({ name }) => [name, `api/${name}.html`])],
      ["Project", [page("CONTRIBUTING.html"), page("CHANGELOG.html")]],
    ]; // biome-ignore format: a table
  }

  #write({ place, title, html }: Page, navigation: readonly NavigationGroup[]): void {
    const folder = path.posix.dirname(place);
    const to = (other: string) => path.posix.relative(folder, other);
    const groups = navigation.map(([group, links]) => {
      const items = links.map(([name, other]) => {
        const current = other === place ? ' aria-current="page"' : "";
        return `<li><a href="${to(other)}"${current}>${inlineHtml(name, (target) => target)}</a></li>`;
      });
      return `<div class="group"><h2>${group}</h2><ul>${items.join("")}</ul></div>`;
    });
    const plainTitle = inlineHtml(title, (target) => target).replaceAll(/<[^>]+>/g, "");
    const text = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${plainTitle === "Kusari" ? "Kusari" : `${plainTitle} · Kusari`}</title>
<link rel="stylesheet" href="${to("style.css")}">
</head>
<body>
<a class="skip" href="#main">To the text</a>
<div class="frame">
<nav id="contents" aria-label="Site"><a class="name" href="${to("index.html")}">Kusari<span lang="ja">鎖</span></a>${groups.join("")}</nav>
<main id="main">
<a class="menu" href="#contents">Contents ↓</a>
${html}
</main>
</div>
</body>
</html>
`;
    const file = path.join(this.#out, place);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  #copy(file: string): void {
    const to = path.join(this.#out, file);
    mkdirSync(path.dirname(to), { recursive: true });
    copyFileSync(path.join(this.#root, file), to);
  }
}
