// Markdown -> DOM nodes. No HTML is read or written, so a reply can be nothing but what is made here.
// Each text is one block of a reply, some thousand characters at most (see view.js); depths are bounded.

import { make } from "./dom.js";
import { inline } from "./inline.js";

const DEPTH = 8;

export const FENCE = /^ *(```+|~~~+)[ \t]*([\w+#.-]*)/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*)$/;
const UNDERLINE = /^ {0,3}(?:={2,}|-{2,})[ \t]*$/;
const RULE = /^ {0,3}(?:-[ \t]*-[ \t]*-[- \t]*|\*[ \t]*\*[ \t]*\*[* \t]*|___+[ \t]*)$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^([ \t]*)([-*+]|\d{1,9}[.)])[ \t]/;
const TABLE_RULE = /^[ \t]*\|?[ \t]*:?-+[-:| \t]*$/;

// The nodes of a text.
export function render(text, depth = 0) {
  const lines = text.split("\n");
  const nodes = [];
  for (let at = 0; at < lines.length; ) {
    if (!lines[at].trim()) at += 1;
    else at = block(lines, at, nodes, depth);
  }
  return nodes;
}

// What a block can be beside a paragraph: whether it begins at a line, and what adds it and gives the line after it.
const BLOCKS = [
  [(lines, at) => FENCE.test(lines[at]), code],
  [(lines, at) => HEADING.test(lines[at]), heading],
  [(lines, at) => RULE.test(lines[at]), rule],
  [(lines, at, depth) => depth < DEPTH && QUOTE.test(lines[at]), quote],
  [(lines, at, depth) => depth < DEPTH && ITEM.test(lines[at]), list],
  [(lines, at) => lines[at].includes("|") && TABLE_RULE.test(lines[at + 1] ?? ""), table],
];

const begins = (lines, at, depth) => BLOCKS.find(([isIt]) => isIt(lines, at, depth));

function block(lines, at, nodes, depth) {
  const [, add] = begins(lines, at, depth) ?? [null, paragraph];
  return add(lines, at, nodes, depth);
}

// Whether a line goes on with the paragraph before it.
const goesOn = (lines, at, depth) => at < lines.length && lines[at].trim() && !begins(lines, at, depth);

function code(lines, at, nodes) {
  const [, marker, language] = FENCE.exec(lines[at]);
  let end = at + 1;
  while (end < lines.length && !isEnd(lines[end], marker)) end += 1;
  const inset = indentOf(lines[at]);
  const text = lines.slice(at + 1, end).map((line) => outdented(line, inset)).join("\n");
  nodes.push(make("div", { class: "code" },
    make("div", { class: "code-top" }, make("span", { "aria-hidden": "true" }, language),
      make("button", { type: "button", class: "plain", "aria-label": "Copy the code" }, "Copy")),
    make("pre", { tabindex: "0", role: "group", "aria-label": language ? `Code, ${language}` : "Code" },
      make("code", {}, text))));
  return end + 1;
}

const isEnd = (line, marker) => line.trim().length >= marker.length && line.trim().replaceAll(marker[0], "") === "";

const indentOf = (line) => /^[ \t]*/.exec(line)[0].replaceAll("\t", "    ").length;

// A line without so many of its blanks, or without one tab.
const outdented = (line, inset) => (inset ? line.replace(new RegExp(`^(?: {1,${inset}}|\t)`), "") : line);

// The page has its own headings up to the second level.
const titled = (level, text) => make(`h${Math.min(6, level + 2)}`, {}, ...inline(text));

function heading(lines, at, nodes) {
  const [, marks, text] = HEADING.exec(lines[at]);
  nodes.push(titled(marks.length, text));
  return at + 1;
}

function rule(_lines, at, nodes) {
  nodes.push(make("hr"));
  return at + 1;
}

function quote(lines, at, nodes, depth) {
  let end = at + 1;
  while (QUOTE.test(lines[end] ?? "") || isLazy(lines, end, depth)) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  nodes.push(make("blockquote", {}, ...render(inner.join("\n"), depth + 1)));
  return end;
}

function list(lines, at, nodes, depth) {
  const marker = ITEM.exec(lines[at])[2];
  const { items, end } = itemsFrom(lines, at, depth);
  const made = items.map((item) => make("li", {}, ...tight(render(item.join("\n"), depth + 1))));
  const start = parseInt(marker, 10);
  nodes.push(isNumber(marker) ? make("ol", { start: start === 1 ? null : start }, ...made) : make("ul", {}, ...made));
  return end;
}

const isNumber = (marker) => /\d/.test(marker);

// The lines of each item, without the indent of its text, and the line after the list.
function itemsFrom(lines, at, depth) {
  const outer = indentOf(lines[at]) + 2; // what stands further in is within an item
  const numbered = isNumber(ITEM.exec(lines[at])[2]);
  const items = [];
  let end = at;
  for (let inset = 0; end < lines.length; end += 1) {
    const line = lines[end];
    const [mark, , marker] = ITEM.exec(line) ?? [];
    if (line.trim() && indentOf(line) >= outer) items.at(-1).push(outdented(line, inset));
    else if (mark) {
      if (isNumber(marker) !== numbered || RULE.test(line)) break;
      inset = indentOf(line) + marker.length + 1;
      items.push([line.slice(mark.length).trimStart()]);
    } else if (isLazy(lines, end, depth) || (!line.trim() && isWithin(lines[end + 1] ?? "", outer))) {
      items.at(-1).push(line);
    } else break;
  }
  return { items, end };
}

// Whether a line goes on with the paragraph of an item or a quote without standing under it.
const isLazy = (lines, at, depth) => !/^[ \t>]*$/.test(lines[at - 1] ?? "") && goesOn(lines, at, depth);

// Whether a list goes on after a blank line.
const isWithin = (line, outer) => ITEM.test(line) || (line.trim() && indentOf(line) >= outer);

// An item with one paragraph needs none.
const tight = (nodes) => (nodes[0]?.tagName === "P" && nodes.filter((node) => node.tagName === "P").length === 1
  ? [...nodes[0].childNodes, ...nodes.slice(1)] : nodes);

function table(lines, at, nodes) {
  const head = cells(lines[at]);
  const sides = cells(lines[at + 1]).map((mark) => SIDES[mark.replace(/-+/, "-")]);
  let end = at + 2;
  const rows = [];
  for (; end < lines.length && lines[end].includes("|"); end += 1) rows.push(cells(lines[end]).slice(0, head.length));
  const cell = (tag) => (text, column) => make(tag, { class: sides[column] }, ...inline(text));
  const row = (tag, texts) => make("tr", {}, ...texts.map(cell(tag)));
  const body = make("tbody", {}, ...rows.map((texts) => row("td", texts)));
  nodes.push(make("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Table" },
    make("table", {}, make("thead", {}, row("th", head)), body)));
  return end;
}

const SIDES = { ":-:": "middle", "-:": "right" };

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function paragraph(lines, at, nodes, depth) {
  let end = at + 1;
  while (goesOn(lines, end, depth) && !UNDERLINE.test(lines[end])) end += 1;
  const text = lines.slice(at, end).join("\n");
  const underlined = UNDERLINE.test(lines[end] ?? "");
  nodes.push(underlined ? titled(lines[end].includes("=") ? 1 : 2, text) : make("p", {}, ...inline(text)));
  return underlined ? end + 1 : end;
}
