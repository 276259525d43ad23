// Markdown -> DOM nodes. No HTML is read or written, so a reply can be nothing but what is made here.
// Each text is one block of a reply, some thousand characters at most (see view.js); depths are bounded.

import { make } from "./dom.js";

const DEPTH = 4;
const LINK_TEXT = 500;
const LINK_URL = 2000;

const FENCE = /^ {0,3}(```+|~~~+)[ \t]*([\w+#.-]*)/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*)$/;
const RULE = /^ {0,3}(?:-[ \t]*-[ \t]*-[- \t]*|\*[ \t]*\*[ \t]*\*[* \t]*|___+[ \t]*)$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])[ \t]+/;
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

// Adds the block that begins at a line to the nodes; the line after it.
function block(lines, at, nodes, depth) {
  const line = lines[at];
  if (FENCE.test(line)) return code(lines, at, nodes);
  const heading = HEADING.exec(line);
  if (heading) {
    // The page has its own headings up to the second level.
    nodes.push(make(`h${Math.min(6, heading[1].length + 2)}`, {}, ...inline(heading[2])));
    return at + 1;
  }
  if (RULE.test(line)) return nodes.push(make("hr")), at + 1;
  if (depth < DEPTH && QUOTE.test(line)) return quote(lines, at, nodes, depth);
  if (depth < DEPTH && ITEM.test(line)) return list(lines, at, nodes, depth);
  if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "")) return table(lines, at, nodes);
  return paragraph(lines, at, nodes, depth);
}

function code(lines, at, nodes) {
  const [, marker, language] = FENCE.exec(lines[at]);
  let end = at + 1;
  while (end < lines.length && !isEnd(lines[end], marker)) end += 1;
  const text = lines.slice(at + 1, end).join("\n");
  nodes.push(make("pre", { tabindex: "0", role: "group", "aria-label": language ? `Code, ${language}` : "Code" },
    make("code", {}, text)));
  return end + 1;
}

const isEnd = (line, marker) => line.trim().length >= marker.length && line.trim().replaceAll(marker[0], "") === "";

function quote(lines, at, nodes, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  nodes.push(make("blockquote", {}, ...render(inner.join("\n"), depth + 1)));
  return end;
}

function list(lines, at, nodes, depth) {
  const ordered = /\d/.test(ITEM.exec(lines[at])[2]);
  const start = ordered ? parseInt(ITEM.exec(lines[at])[2], 10) : undefined;
  const items = [];
  let end = at;
  for (; end < lines.length; end += 1) {
    const begins = ITEM.exec(lines[end]);
    if (begins && /\d/.test(begins[2]) !== ordered && !begins[1]) break;
    if (begins && begins[1].length < 2) items.push([lines[end].slice(begins[0].length)]);
    else if (/^(?: {2}|\t)/.test(lines[end])) items.at(-1).push(lines[end].replace(/^(?: {1,4}|\t)/, ""));
    else if (lines[end].trim() || !(ITEM.test(lines[end + 1] ?? "") || /^ {2}/.test(lines[end + 1] ?? ""))) break;
  }
  const made = items.map((item) => make("li", {}, ...tight(render(item.join("\n"), depth + 1))));
  nodes.push(make(ordered ? "ol" : "ul", { start: start === 1 ? undefined : start }, ...made));
  return end;
}

// An item that is one paragraph needs none.
const tight = (nodes) => (nodes[0]?.tagName === "P" ? [...nodes[0].childNodes, ...nodes.slice(1)] : nodes);

function table(lines, at, nodes) {
  const head = cells(lines[at]);
  let end = at + 2;
  const rows = [];
  for (; end < lines.length && lines[end].includes("|"); end += 1) rows.push(cells(lines[end]).slice(0, head.length));
  const row = (tag, texts) => make("tr", {}, ...texts.map((text) => make(tag, {}, ...inline(text))));
  nodes.push(make("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Table" },
    make("table", {}, make("thead", {}, row("th", head)), make("tbody", {}, ...rows.map((texts) => row("td", texts))))));
  return end;
}

const cells = (line) => line.trim().replace(/^\|/, "").replace(/\|$/, "").split("|").map((cell) => cell.trim());

function paragraph(lines, at, nodes, depth) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !begins(lines[end], depth)) end += 1;
  nodes.push(make("p", {}, ...inline(lines.slice(at, end).join("\n"))));
  return end;
}

const begins = (line, depth) =>
  FENCE.test(line) || HEADING.test(line) || (depth < DEPTH && (QUOTE.test(line) || ITEM.test(line)));

const MARKS = /\\[!-/:-@[-`{-~]|`+|\*\*|__|~~|\*|_|!?\[|https?:\/\//g;
const TAGS = { "**": "strong", __: "strong", "*": "em", _: "em", "~~": "del" };

// The nodes of a text within a block. What has no end once has none later, so no text takes long.
export function inline(text, depth = 0) {
  const nodes = [];
  const endless = new Set();
  const marks = new RegExp(MARKS);
  let from = 0;
  for (let found; (found = marks.exec(text)); ) {
    const made = depth < DEPTH && span(text, found.index, found[0], depth, endless);
    if (!made) continue;
    if (from < found.index) nodes.push(text.slice(from, found.index));
    nodes.push(made.node);
    from = marks.lastIndex = made.end;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

function span(text, at, mark, depth, endless) {
  if (mark[0] === "\\") return { node: mark[1], end: at + 2 };
  if (mark.endsWith("[")) return link(text, at, mark, depth, endless);
  if (mark.startsWith("http")) return bare(text, at);
  const inside = at + mark.length;
  const end = closing(text, inside, mark, endless);
  if (end < 0) return null;
  if (mark[0] === "`") return { node: make("code", {}, text.slice(inside, end)), end: end + mark.length };
  if (!isAround(text, at, inside, end, mark)) return null;
  return { node: make(TAGS[mark], {}, ...inline(text.slice(inside, end), depth + 1)), end: end + mark.length };
}

function closing(text, from, mark, endless) {
  if (endless.has(mark)) return -1;
  const end = text.indexOf(mark, from);
  if (end < 0) endless.add(mark);
  return end;
}

// Emphasis hugs its words, and an underscore within a name is none.
function isAround(text, at, inside, end, mark) {
  if (end === inside || /\s/.test(text[inside]) || /\s/.test(text[end - 1])) return false;
  return mark[0] !== "_" || !(/\w/.test(text[at - 1] ?? " ") || /\w/.test(text[end + mark.length] ?? " "));
}

function link(text, at, mark, depth, endless) {
  const inside = at + mark.length;
  const middle = closing(text, inside, "](", endless);
  if (middle < 0 || middle - inside > LINK_TEXT) return null;
  const end = text.slice(middle + 2, middle + 2 + LINK_URL).indexOf(")");
  const url = end < 0 ? null : safe(text.slice(middle + 2, middle + 2 + end).trim().split(/\s/)[0]);
  if (!url) return null;
  return { node: anchor(url, inline(text.slice(inside, middle), DEPTH)), end: middle + 3 + end };
}

function bare(text, at) {
  const found = /^[^\s<>"'`|]+/.exec(text.slice(at, at + LINK_URL))[0].replace(/[.,;:!?)\]*_]+$/, "");
  const url = safe(found);
  return url && { node: anchor(url, [found]), end: at + found.length };
}

// Only the web: no javascript:, data: or file:, and no path of this page.
function safe(text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && (url.protocol === "https:" || url.protocol === "http:") ? url.href : null;
}

const anchor = (url, children) =>
  make("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
