/**
 * The Markdown of this repository as HTML: headings, paragraphs, lists, tables, fences, rules, images, links, code and
 * emphasis, and blocks of HTML as they are. Source: the GitHub Flavored Markdown specification, of which it is a part.
 */
import { escapeHtml, highlight } from "./highlight.ts";

export interface Heading {
  readonly level: number;
  readonly id: string;
  /** Without marks. */
  readonly text: string;
}

export interface Converted {
  readonly html: string;
  readonly headings: readonly Heading[];
}

/** Where a link or picture leads from the page that is made. */
export type Resolve = (target: string) => string;

/** A heading's anchor, as GitHub makes it. */
export const anchorOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");

const withoutMarks = (text: string): string =>
  text.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[`*]|(?<!\w)_|_(?!\w)/g, "");

/** Marks within a line. */
export function inlineHtml(text: string, resolve: Resolve): string {
  // code is put aside first: nothing in it is a mark
  const kept: string[] = [];
  const keep = (html: string): string => `\uE000${kept.push(html) - 1}\uE001`;
  return text
    .replaceAll(/(`+)(.+?)\1(?!`)/gs, (_, _ticks, code) => keep(`<code>${escapeHtml(code.trim())}</code>`))
    .replaceAll(/\\([!-/:-@[-`{-~])/g, (_, mark) => keep(escapeHtml(mark)))
    .replaceAll(/<(https?:[^>\s]+)>/g, (_, url) => keep(`<a href="${escapeHtml(url)}">${escapeHtml(url)}</a>`))
    .replaceAll(/<\/?[a-z][^>]*>/g, keep)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/!\[([^\]]*)\]\(([^)\s]+)\)/g, (_, alt, target) =>
      keep(`<img src="${escapeHtml(resolve(target))}" alt="${alt.replaceAll('"', "&quot;")}" loading="lazy">`),
    )
    .replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_, words, target) => {
      return `${keep(`<a href="${escapeHtml(resolve(target))}">`)}${words}</a>`;
    })
    .replaceAll(/\*\*(?=\S)(.+?)(?<=\S)\*\*/gs, "<strong>$1</strong>")
    .replaceAll(/(?<![*\w])\*(?=[^\s*])(.+?)(?<=[^\s*])\*(?![*\w])/gs, "<em>$1</em>")
    .replaceAll(/(?<!\w)_(?=\S)([^_]+?)(?<=\S)_(?!\w)/gs, "<em>$1</em>")
    .replaceAll(/\uE000(\d+)\uE001/g, (_, i) => kept[Number(i)]!);
}

/** Cells of a table's row; a bar in code or behind a backslash divides nothing. */
const cellsOf = (row: string): string[] =>
  (
    row
      .trim()
      .replace(/^\||\|$/g, "")
      .match(/(?:\\.|`[^`]*`|[^|\\`])+|(?<=\|)(?=\||$)/g) ?? []
  ).map((cell) => cell.trim().replaceAll("\\|", "|"));

const isTableRule = (line: string | undefined): boolean =>
  /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(line ?? "") && line!.includes("|");
const item = /^(\s*)([-*]|\d+\.)\s+(.*)$/;

class Converter {
  readonly headings: Heading[] = [];
  readonly #resolve: Resolve;

  constructor(resolve: Resolve) {
    this.#resolve = resolve;
  }

  #inline = (text: string): string => inlineHtml(text, this.#resolve);

  blocks(lines: readonly string[]): string {
    const html: string[] = [];
    let i = 0;
    /** Lines from here on for as long as a condition holds. */
    const take = (holds: (line: string) => boolean): string[] => {
      const start = i;
      while (i < lines.length && holds(lines[i]!)) i++;
      return lines.slice(start, i);
    };
    while (i < lines.length) {
      const line = lines[i]!;
      const heading = /^(#{1,6})\s+(.*)$/.exec(line);
      const fence = /^```\s*(\S*)/.exec(line);
      if (line.trim() === "") i++;
      else if (heading) {
        html.push(this.#heading(heading[1]!.length, heading[2]!));
        i++;
      } else if (fence) {
        i++;
        const code = take((next) => !/^```\s*$/.test(next)).join("\n");
        i++;
        html.push(`<pre><code>${highlight(code, fence[1]!)}</code></pre>`);
      } else if (/^(-{3,}|\*{3,})\s*$/.test(line)) {
        html.push("<hr>");
        i++;
      } else if (line.includes("|") && isTableRule(lines[i + 1]))
        html.push(this.#table(take((next) => next.includes("|"))));
      else if (item.test(line)) {
        const [, space = "", mark = ""] = item.exec(line)!;
        const kind = mark.slice(-1);
        html.push(
          this.#list(
            take((next) => {
              const match = item.exec(next);
              if (match?.[1] === space) return match[2]!.endsWith(kind);
              return next.trim() === "" || /^\s*/.exec(next)![0].length > space.length;
            }),
          ),
        );
      } else if (/^>/.test(line)) {
        html.push(
          `<blockquote>${this.blocks(take((next) => /^>/.test(next)).map((next) => next.replace(/^> ?/, "")))}</blockquote>`,
        );
      } else if (/^<\/?[a-z!]/.test(line)) {
        html.push(this.#rawHtml(take((next) => next.trim() !== "").join("\n")));
      } else {
        const isPlain = (next: string) =>
          next.trim() !== "" && !/^(#{1,6}\s|```|<[a-z])/.test(next) && !item.test(next);
        html.push(`<p>${this.#inline(take(isPlain).join("\n"))}</p>`);
      }
    }
    return html.join("\n");
  }

  #heading(level: number, source: string): string {
    const text = withoutMarks(source);
    const first = anchorOf(text);
    let id = first;
    for (let n = 1; this.headings.some((other) => other.id === id); n++) id = `${first}-${n}`;
    this.headings.push({ level, id, text });
    return `<h${level} id="${id}">${this.#inline(source)}<a class="anchor" href="#${id}" aria-label="Link to this section">#</a></h${level}>`;
  }

  #table([head, rule, ...rows]: readonly string[]): string {
    const sides = cellsOf(rule!).map((mark) => (/^:-+:$/.test(mark) ? "center" : /-:$/.test(mark) ? "right" : ""));
    const row = (line: string, tag: "th" | "td") =>
      `<tr>${cellsOf(line)
        .map((cell, i) => `<${tag}${sides[i] ? ` style="text-align: ${sides[i]}"` : ""}>${this.#inline(cell)}</${tag}>`)
        .join("")}</tr>`;
    return `<div class="table"><table><thead>${row(head!, "th")}</thead><tbody>${rows.map((line) => row(line, "td")).join("")}</tbody></table></div>`;
  }

  #list(lines: readonly string[]): string {
    const [, , mark] = item.exec(lines[0]!)!;
    const indent = /^\s*/.exec(lines[0]!)![0].length;
    const items: string[][] = [];
    for (const line of lines) {
      const match = item.exec(line);
      if (match && match[1]!.length === indent) items.push([match[3]!]);
      else items.at(-1)!.push(line.slice(Math.min(indent + mark!.length + 1, /^\s*/.exec(line)![0].length)));
    }
    const tag = /\d/.test(mark!) ? "ol" : "ul";
    const inner = items.map((body) => {
      const html = this.blocks(body);
      // one paragraph alone stands without its margins
      return `<li>${html.replace(/^<p>([\s\S]*?)<\/p>/, "$1")}</li>`;
    });
    return `<${tag}>${inner.join("\n")}</${tag}>`;
  }

  #rawHtml(html: string): string {
    return html.replaceAll(/ (src|srcset|href)="([^"]+)"/g, (_, name, target) => ` ${name}="${this.#resolve(target)}"`);
  }
}

export function convertMarkdown(source: string, resolve: Resolve): Converted {
  const converter = new Converter(resolve);
  const html = converter.blocks(source.replaceAll("\r\n", "\n").split("\n"));
  return { html, headings: converter.headings };
}
