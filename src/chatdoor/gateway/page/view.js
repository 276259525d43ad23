// Shows a reply while it comes. Pieces are gathered and drawn once for each frame of the screen; what is whole is
// drawn once and left alone, and only the block at the end is drawn anew. So the work for a piece does not grow with
// the reply.

import { make } from "./dom.js";
import { FENCE, render } from "./markdown.js";

const BLOCK = 8000; // characters: a longer block is shown in parts
const BLOCKS = 3000; // from here on the rest is plain text
const LONG = 100; // from here on what is out of sight is not laid out
const BUDGET = 8; // milliseconds of a frame

export class ReplyView {
  // `onDraw` is called after each frame that has changed what is shown.
  constructor(element, onDraw = () => {}) {
    this.element = element;
    this.onDraw = onDraw;
    this.live = make("div", { class: "live" });
    element.append(this.live);
    this.tail = "";
    this.scanned = 0; // up to here the tail's lines were looked at
    this.fence = ""; // the line that opened the code block which is open there
    this.cut = 0; // up to here the tail is whole blocks
    this.shown = 0;
    this.frame = 0;
    this.ended = false;
  }

  feed(text) {
    this.tail += text;
    this.schedule();
  }

  // No more pieces come. Settles when all is drawn.
  end() {
    this.ended = true;
    this.schedule();
    return new Promise((resolve) => (this.drawn = resolve));
  }

  schedule() {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    const end = performance.now() + BUDGET;
    let block;
    while (performance.now() < end && (block = this.take())) this.settle(block);
    if (this.ready()) this.schedule();
    else if (this.ended) this.finish();
    else this.live.replaceChildren(...this.nodes(this.tail));
    this.onDraw();
  }

  finish() {
    if (this.tail) this.settle(this.tail);
    this.tail = "";
    this.live.remove();
    this.drawn?.();
  }

  settle(text) {
    this.shown += 1;
    if (this.shown === LONG) this.element.classList.add("long");
    this.live.before(make("div", { class: "block" }, ...this.nodes(text)));
  }

  nodes(text) {
    return this.shown < BLOCKS ? render(text) : [make("p", { class: "raw" }, text)];
  }

  ready() {
    return this.tail.length > BLOCK || (this.scan(), this.cut > 0);
  }

  // The next blocks that are whole, at most so many characters; nothing where there are none.
  take() {
    this.scan();
    if (this.cut > 0) return this.release(this.cut);
    return this.tail.length > BLOCK ? this.release(this.breakAt()) : "";
  }

  release(at) {
    let text = this.tail.slice(0, at);
    let rest = this.tail.slice(at);
    if (this.fence && this.cut === 0) {
      text += `\n${FENCE.exec(this.fence)[1]}`;
      rest = `${this.fence}\n${rest}`;
    }
    this.tail = rest;
    this.scanned = this.cut = 0;
    this.fence = "";
    return text;
  }

  // Looks at new lines, as far as one block may reach. A blank line before a line that is not indented ends a block.
  scan() {
    const most = Math.min(this.tail.length, BLOCK);
    for (let end; (end = this.tail.indexOf("\n", this.scanned)) >= 0 && end < most; this.scanned = end + 1) {
      const line = this.tail.slice(this.scanned, end);
      if (FENCE.test(line)) this.turn(line);
      const next = this.tail[end + 1];
      if (!this.fence && !line.trim() && next !== undefined && !/\s/.test(next)) this.cut = end + 1;
      if (next === undefined && !line.trim()) return; // what the next line is decides
    }
  }

  turn(line) {
    const marker = FENCE.exec(line)[1];
    if (!this.fence) this.fence = line.slice(0, 100);
    else if (marker.startsWith(FENCE.exec(this.fence)[1]) && !line.trim().replaceAll(marker[0], "")) this.fence = "";
  }

  // Where to break a block that is too long: after a line, else after a word, else anywhere.
  breakAt() {
    const opened = this.fence.length + 1; // a break within the opening line would never get on
    const line = this.tail.lastIndexOf("\n", BLOCK - 1) + 1;
    if (line > opened) return line;
    const word = this.tail.lastIndexOf(" ", BLOCK - 1) + 1;
    if (word > BLOCK / 2) return word;
    return /[\ud800-\udbff]/.test(this.tail[BLOCK - 1]) ? BLOCK - 1 : BLOCK; // never within a character
  }
}
