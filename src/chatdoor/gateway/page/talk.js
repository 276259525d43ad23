// One conversation: what was said, where the gateway keeps it, and how it is shown.

import { ApiError, requestOf, stream } from "./api.js";
import { duration } from "./chart.js";
import { byId, make } from "./dom.js";
import { forgetTalk, keepTalk, talkOf } from "./kept.js";
import { ReplyView } from "./view.js";

const SPOKEN = 1000; // characters of a reply that are read out
const NEAR = 80; // pixels from the end within which we follow it
const THINKING = "…";

export class Talk {
  // `changed` is called where a reply begins or ends; `noted` gives the request that an error ended.
  constructor(model, { changed, noted }) {
    this.model = model;
    this.changed = changed;
    this.noted = noted;
    const { conversation, messages } = talkOf(model);
    this.conversation = conversation;
    this.messages = messages;
    this.abort = null;
    this.left = false;
    this.last = messages.length ? requestOf(model, messages.slice(0, -1)) : null;
    this.near = true; // the reader is at the end
    this.element = make("div", { class: "talk" });
    if (this.last) messages.forEach((message) => this.show(message));
    else this.greet();
  }

  get busy() {
    return this.abort !== null;
  }

  greet() {
    const site = this.model.split("/")[0];
    this.element.append(make("div", { class: "greeting" }, make("h3", {}, `Talk to ${site}`),
      make("p", { class: "quiet" }, "What you write goes to this site.")));
  }

  show({ role, content }) {
    if (role === "user") {
      this.element.append(make("article", { class: "mine", "aria-label": "You" }, content));
    } else {
      const { article, waiting, view } = this.open();
      waiting.remove();
      article.removeAttribute("aria-busy");
      view.feed(content);
      view.end();
    }
  }

  // The request that the text would be; without one, that which was sent last.
  request(text) {
    return (!text && this.last) || this.next(text || "Hello");
  }

  next(text) {
    return requestOf(this.model, [...this.messages, { role: "user", content: text }]);
  }

  async say(text) {
    this.element.querySelector(".greeting")?.remove();
    this.last = this.next(text);
    this.show(this.last.messages.at(-1));
    this.abort = new AbortController();
    this.changed();
    const reply = this.open();
    this.follow(true);
    try {
      await this.hear(reply);
      this.note(reply, duration(Math.round(performance.now() - reply.began)));
    } catch (error) {
      await this.fail(error, reply, text);
    } finally {
      this.abort = null;
      reply.article.removeAttribute("aria-busy");
      this.changed();
    }
  }

  open() {
    const body = make("div", { class: "body" });
    const waiting = make("span", { class: "waiting", "aria-hidden": "true" }, THINKING);
    const article = make("article", { class: "theirs", "aria-label": this.model, "aria-busy": "true" }, waiting, body);
    this.element.append(article);
    return { article, waiting, parts: [], began: performance.now(), view: new ReplyView(body, () => this.follow()) };
  }

  async hear(reply) {
    await stream(this.last, {
      conversation: this.conversation,
      signal: this.abort.signal,
      onStart: (conversation) => (this.conversation = conversation),
      onPiece: (piece) => {
        reply.waiting.remove();
        reply.parts.push(piece);
        reply.view.feed(piece);
      },
    });
    await this.keep(reply);
    if (!reply.parts.length) this.note(reply, "The reply is empty.");
    announce(`${this.model}: ${shortened(this.messages.at(-1).content)}`);
  }

  // What came of a reply is part of the conversation.
  async keep(reply) {
    reply.waiting.remove();
    this.messages = [...this.last.messages, { role: "assistant", content: reply.parts.join("") }];
    if (!this.left) keepTalk(this.model, this);
    await reply.view.end();
    this.follow();
  }

  async fail(error, reply, text) {
    if (reply.parts.length) await this.keep(reply);
    reply.waiting.remove();
    if (error.name === "AbortError") {
      this.note(reply, "Stopped.");
      if (!this.left) announce("Stopped.");
      return;
    }
    const known = error instanceof ApiError;
    if (!known) console.error(error);
    const past = known ? await this.noted(error, { model: this.model, began: reply.began }) : undefined;
    const said = known ? (!error.code && past?.message) || error.message : "The page could not show this reply.";
    reply.article.append(make("div", { class: "failed", role: "alert" }, make("p", {}, said),
      ...(past?.way_out ? [make("p", { class: "quiet" }, past.way_out)] : [])), this.again(text));
    this.follow();
  }

  again(text) {
    const button = make("button", { type: "button" }, "Try again");
    button.addEventListener("click", () => {
      if (this.busy) return;
      button.remove();
      byId("prompt").focus();
      this.say(text);
    });
    return button;
  }

  note(reply, text) {
    reply.article.append(make("p", { class: "note" }, text));
    this.follow();
  }

  stop() {
    this.abort?.abort();
  }

  // Another one begins: no more is heard, said or kept of this one.
  leave() {
    this.left = true;
    this.stop();
    forgetTalk(this.model);
  }

  // Keeps the end in sight for whoever is there already.
  follow(always = false) {
    const box = this.element.parentElement;
    if (always) this.near = true;
    if (box && this.near) box.scrollTop = box.scrollHeight;
  }

  // Notes whether the reader is at the end.
  scrolled(box) {
    this.near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  }
}

const shortened = (text) => (text.length > SPOKEN ? `${text.slice(0, SPOKEN)} … and more.` : text);

// Tells those who listen.
export function announce(text) {
  byId("said").textContent = text;
}
