// One conversation: what was said, where the gateway keeps it, and how it is shown.

import { ApiError, requestOf, stream } from "./api.js";
import { duration } from "./chart.js";
import { byId, make } from "./dom.js";
import { forgetTalk, keepTalk, talkOf } from "./kept.js";
import { focusPrompt } from "./prompt.js";
import { Reply } from "./reply.js";

const SPOKEN = 1000; // characters of a reply that are read out
const NEAR = 80; // pixels from the end within which we follow it
const END = 2; // pixels, since a place is a fraction of one

export class Talk {
  // `changed` is called where a reply begins or ends; `noted` gives the request that an error ended.
  constructor(model, { changed, noted }) {
    this.model = model;
    this.changed = changed;
    this.noted = noted;
    const { conversation, messages } = talkOf(model);
    this.conversation = conversation;
    this.messages = messages;
    this.last = messages.length ? requestOf(model, messages.slice(0, -1)) : null;
    this.abort = null;
    this.left = false;
    this.near = true; // the reader is at the end
    this.top = 0; // pixels above what the reader sees
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
      return;
    }
    const reply = this.open();
    reply.feed(content);
    reply.settle();
    reply.end();
  }

  open() {
    const reply = new Reply(this.model, () => this.follow());
    this.element.append(reply.article);
    return reply;
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
      reply.note(duration(Math.round(performance.now() - reply.began)));
    } catch (error) {
      await this.explain(error, reply, text);
    } finally {
      this.abort = null;
      reply.settle();
      this.changed();
    }
  }

  async hear(reply) {
    await stream(this.last, {
      conversation: this.conversation,
      signal: this.abort.signal,
      onStart: (conversation) => (this.conversation = conversation),
      onPiece: (piece) => reply.feed(piece),
    });
    await this.keep(reply);
    if (!reply.parts.length) reply.note("The reply is empty.");
    if (!this.left) announce(`${this.model}: ${shortened(reply.text)}`);
  }

  // What came of a reply is part of the conversation.
  async keep(reply) {
    this.messages = [...this.last.messages, { role: "assistant", content: reply.text }];
    if (!this.left) keepTalk(this.model, this);
    await reply.end();
  }

  async explain(error, reply, text) {
    if (reply.parts.length) await this.keep(reply);
    if (error.name === "AbortError") {
      reply.note("Stopped.");
      if (!this.left) announce("Stopped.");
    } else if (error instanceof ApiError) {
      const past = await this.noted(error, { model: this.model, began: reply.began });
      reply.fail((!error.code && past?.message) || error.message, past?.way_out, () => this.repeat(text));
    } else {
      console.error(error);
      reply.fail("The page could not show this reply.", "", () => this.repeat(text));
    }
  }

  // Says a text once more, and whether it could.
  repeat(text) {
    if (this.busy) return false;
    focusPrompt();
    this.say(text);
    return true;
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

  // Notes whether the reader is at the end. Who goes up leaves it at once, however slowly.
  scrolled(box) {
    const left = box.scrollHeight - box.scrollTop - box.clientHeight;
    this.near = left < (box.scrollTop < this.top ? END : NEAR);
    this.top = box.scrollTop;
  }
}

const shortened = (text) => (text.length > SPOKEN ? `${text.slice(0, SPOKEN)} … and more.` : text);

// Tells those who listen.
export function announce(text) {
  byId("said").textContent = text;
}
