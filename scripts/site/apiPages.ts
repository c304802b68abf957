/** The reference of the package's names: a page a folder. */
import { type Declaration, Declarations, type Member } from "./declarations.ts";
import { escapeHtml, highlight } from "./highlight.ts";
import { anchorOf, convertMarkdown, type Heading } from "./markdown.ts";

interface Folder {
  readonly name: string;
  /** What it is imported from. */
  readonly from: string;
  /** The module whose exports it is. */
  readonly module: string;
  readonly about: string;
}

/** The public folders, in the order in which one needs them. */
const folders: readonly Folder[] = [
  { name: "train", from: "kusari/train", module: "train/index", about: "Training runs: the loop, evaluation, run directories, resume." },
  { name: "agents", from: "kusari/agents", module: "agents/index", about: "Agents, and their hyperparameters." },
  { name: "envs", from: "kusari/envs", module: "envs/node", about: "Environments, spaces, wrappers, vectors, pictures." },
  { name: "nets", from: "kusari/nets", module: "nets/index", about: "Q-functions, policies, value functions, distributions." },
  { name: "replay", from: "kusari/replay", module: "replay/index", about: "Replay buffers." },
  { name: "explorers", from: "kusari/explorers", module: "explorers/index", about: "Exploration, and schedules." },
  { name: "returns", from: "kusari, as returns", module: "returns/index", about: "Formulas of reinforcement learning." },
  { name: "autograd", from: "kusari/autograd", module: "autograd/index", about: "The engine: Variables, operations, Links, optimizers." },
  { name: "plots", from: "kusari/plots", module: "plots/index", about: "Learning curves and statistics of runs." },
  { name: "notebook", from: "kusari/notebook", module: "notebook/index", about: "What notebooks show: charts, pictures, films." },
  { name: "onnx", from: "kusari/onnx", module: "onnx/index", about: "Agents as ONNX models." },
  { name: "device", from: "kusari", module: "device", about: "Where kernels run." },
  { name: "random", from: "kusari", module: "random", about: "Streams of random numbers." },
  { name: "state", from: "kusari", module: "state", about: "What can be saved and restored." },
  { name: "errors", from: "kusari", module: "errors", about: "Errors that a user can meet." },
]; // biome-ignore format: a table

export interface ApiPage {
  readonly name: string;
  readonly about: string;
  readonly html: string;
  readonly headings: readonly Heading[];
}

/** One value that a hyperparameter's declaration has. */
interface DeclaredDefault {
  readonly value: unknown;
  readonly meaning: string;
  readonly source: string;
}

const isHyperparameters = (value: unknown): value is Readonly<Record<string, DeclaredDefault>> =>
  typeof value === "object" && value !== null && Object.values(value).every((one) => typeof one?.meaning === "string");

/** A comment: its text, and what it says of parameters, results and errors. */
function docHtml(doc: string): string {
  const [text, ...tags] = doc.split(/^(?=@\w+)|\s(?=@(?:throws|returns|param)\s)/m);
  const isTag = text!.startsWith("@");
  const words = isTag ? "" : text!;
  const list = (isTag ? [text!, ...tags] : tags).map((tag) => {
    const [, kind, rest] = /^@(\w+)\s*([\s\S]*)$/.exec(tag)!;
    const [, name = "", meaning = rest!] = kind === "param" ? (/^(\S+)\s+([\s\S]*)$/.exec(rest!) ?? []) : [];
    const label = kind === "param" ? `<code>${escapeHtml(name)}</code>` : kind === "throws" ? "throws" : kind!;
    return `<li><span class="tag">${label}</span> ${convertMarkdown(meaning, (target) => target).html.replace(/^<p>([\s\S]*?)<\/p>/, "$1")}</li>`;
  });
  const html = convertMarkdown(words, (target) => target).html;
  return html + (list.length > 0 ? `<ul class="tags">${list.join("")}</ul>` : "");
}

/** The shape of long declarations is of no use to a reader. */
const longest = 24;

export class ApiPages {
  readonly #folders: readonly { folder: Folder; names: Map<string, Declaration> }[];
  /** Where each name is explained: `agents.html#dqn`. */
  readonly #places = new Map<string, string>();
  readonly #values: Readonly<Record<string, unknown>>;

  /**
   * @param root the folder of the package, which has been built
   * @param values what the package exports: tables of hyperparameters are made of it
   */
  constructor(root: string, values: Readonly<Record<string, unknown>>) {
    const declarations = new Declarations(root);
    this.#values = values;
    this.#folders = folders.map((folder) => ({ folder, names: declarations.exportsOf(folder.module) }));
    for (const { folder, names } of this.#folders) {
      for (const name of names.keys()) {
        if (!this.#places.has(name)) this.#places.set(name, `${folder.name}.html#${this.#anchor(names, name)}`);
      }
    }
  }

  /** Names that differ in their capitals alone have different anchors. */
  #anchor(names: ReadonlyMap<string, Declaration>, name: string): string {
    const alike = [...names.keys()].filter((other) => other.toLowerCase() === name.toLowerCase());
    const n = alike.indexOf(name);
    return n === 0 ? anchorOf(name) : `${anchorOf(name)}-${n}`;
  }

  /** Code whose names of the package are links. */
  #code(code: string): string {
    const link = (plain: string) =>
      escapeHtml(plain).replaceAll(/(?<![\w.&])[A-Za-z]\w*(?!\w|\s*[:?(])/g, (name) => {
        const place = this.#places.get(name);
        return place ? `<a href="${place}">${name}</a>` : name;
      });
    return highlight(code, "ts", link);
  }

  #members(members: readonly Member[]): string {
    if (members.length === 0) return "";
    const rows = members.map(({ code, doc }) => {
      const lines = code.replace(/;$/, "").split("\n");
      return `<dt><code>${this.#code(lines.map((line) => line.replace(/^ {4}/, "")).join("\n"))}</code></dt><dd>${docHtml(doc)}</dd>`;
    });
    return `<dl class="members">${rows.join("\n")}</dl>`;
  }

  #hyperparameters(declared: Readonly<Record<string, DeclaredDefault>>): string {
    const rows = Object.entries(declared).map(
      ([name, { value, meaning, source }]) =>
        `<tr><td><code>${name}</code></td><td><code>${escapeHtml(JSON.stringify(value))}</code></td><td>${escapeHtml(meaning)}</td><td>${escapeHtml(source)}</td></tr>`,
    );
    return `<div class="table"><table><thead><tr><th>name</th><th>default</th><th>meaning</th><th>source of the default</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
  }

  #declaration({ name, kind, code, doc, members }: Declaration, id: string): string {
    const exported = this.#values[name];
    const parts = [
      `<h2 id="${id}"><span class="kind">${kind}</span> ${name}<a class="anchor" href="#${id}" aria-label="Link to ${name}">#</a></h2>`,
    ];
    if (kind === "const" && isHyperparameters(exported)) {
      return [...parts, docHtml(doc), this.#hyperparameters(exported)].join("\n");
    }
    const shown = code.map((one) =>
      one.split("\n").length > longest ? `${one.slice(0, one.indexOf("{"))}{ … }` : one,
    );
    // an interface's name says nothing that its heading has not said
    if (shown[0] !== `interface ${name}`) {
      parts.push(`<pre class="signature"><code>${shown.map((one) => this.#code(one)).join("\n")}</code></pre>`);
    }
    return [...parts, docHtml(doc), this.#members(members)].join("\n");
  }

  pages(): ApiPage[] {
    return this.#folders.map(({ folder, names }) => {
      const headings: Heading[] = [...names.keys()].map((name) => ({
        level: 2,
        id: this.#anchor(names, name),
        text: name,
      }));
      const all = headings.map(({ id, text }) => `<a href="#${id}">${text}</a>`);
      const { name, about, from } = folder;
      const html = [
        `<h1>${name}</h1>`,
        `<p>${escapeHtml(about)} From <code>${escapeHtml(from.split(",")[0]!)}</code>${from.includes(",") ? escapeHtml(from.slice(from.indexOf(","))) : ""}.</p>`,
        `<p class="names">${all.join(" ")}</p>`,
        ...[...names.values()].map((declaration, i) => this.#declaration(declaration, headings[i]!.id)),
      ].join("\n");
      return { name, about, html, headings };
    });
  }
}
