// One reply on the page: that it is awaited, what came of it, and how it ended.

import { make } from "./dom.js";
import { ReplyView } from "./view.js";

const THINKING = "…";

export class Reply {
  // `onDraw` is called where it has grown.
  constructor(model, onDraw) {
    this.onDraw = onDraw;
    this.began = performance.now();
    this.parts = [];
    this.waiting = make("span", { class: "waiting", "aria-hidden": "true" }, THINKING);
    this.clock = setInterval(() => this.tick(), 1000);
    const body = make("div", { class: "body" });
    this.view = new ReplyView(body, onDraw);
    this.article = make("article", { class: "theirs", "aria-label": model, "aria-busy": "true" }, this.waiting, body);
  }

  get text() {
    return this.parts.join("");
  }

  tick() {
    this.waiting.textContent = `${THINKING} ${Math.round((performance.now() - this.began) / 1000)} s`;
  }

  // The wait is over.
  come() {
    clearInterval(this.clock);
    this.waiting.remove();
  }

  feed(piece) {
    this.come();
    this.parts.push(piece);
    this.view.feed(piece);
  }

  // No more comes. Settles when all is drawn.
  end() {
    this.come();
    return this.view.end();
  }

  settle() {
    this.come();
    this.article.removeAttribute("aria-busy");
  }

  note(text) {
    this.article.append(make("p", { class: "note" }, text));
    this.onDraw();
  }

  // Says what went wrong, the way out, and offers to try again: `again` is called once.
  fail(said, wayOut, again) {
    const button = make("button", { type: "button" }, "Try again");
    button.addEventListener("click", () => again() && button.remove());
    this.article.append(make("div", { class: "failed", role: "alert" }, make("p", {}, said),
      ...(wayOut ? [make("p", { class: "quiet" }, wayOut)] : [])), button);
    this.onDraw();
  }
}
