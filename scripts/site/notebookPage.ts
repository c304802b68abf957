/** A notebook with its outputs as a page. */
import { readNotebook, textOf } from "../notebook/notebook.ts";
import { escapeHtml, highlight } from "./highlight.ts";
import { type Converted, convertMarkdown, type Heading, type Resolve } from "./markdown.ts";

/** The richest form that needs no script. */
function bundleHtml(data: Readonly<Record<string, unknown>>): string {
  const text = (type: string) => textOf(data[type] as string | string[]);
  if (data["text/html"] !== undefined) return text("text/html");
  // as a picture of its own: ids and styles of one do not meet another's
  if (data["image/svg+xml"] !== undefined) {
    const svg = Buffer.from(text("image/svg+xml")).toString("base64");
    const title = escapeHtml(textOf((data["text/plain"] ?? "") as string).split("\n")[0]!);
    return `<img src="data:image/svg+xml;base64,${svg}" alt="${title}">`;
  }
  return `<pre class="output">${escapeHtml(text("text/plain"))}</pre>`;
}

export function notebookPage(file: string, resolve: Resolve): Converted {
  const headings: Heading[] = [];
  const html = readNotebook(file).cells.map((cell) => {
    const source = textOf(cell.source);
    if (cell.cell_type === "markdown") {
      const converted = convertMarkdown(source, resolve);
      headings.push(...converted.headings);
      return converted.html;
    }
    const outputs = cell.outputs.map((output) => {
      if (output.output_type === "stream")
        return `<pre class="output">${escapeHtml(textOf(output.text).trimEnd())}</pre>`;
      if (output.output_type === "error") return `<pre class="output">${escapeHtml(output.traceback.join("\n"))}</pre>`;
      return `<div class="output">${bundleHtml(output.data)}</div>`;
    });
    return `<pre class="cell"><code>${highlight(source, "ts")}</code></pre>\n${outputs.join("\n")}`;
  });
  return { html: html.join("\n"), headings };
}
