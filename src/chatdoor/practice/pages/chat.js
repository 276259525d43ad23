// The chat page of the practice site. What the site wants stands in the data attributes of <body>.
"use strict";

const wants = document.body.dataset;
const talk = document.getElementById("talk");
const notice = document.getElementById("notice");
const form = document.getElementById("say");
const prompt = document.getElementById("prompt");
const send = form.querySelector("[type=submit]");
let turns = [];
let token = "";

const tokenOf = {
  cookie: () => /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "",
  meta: (page) => page.querySelector("meta[name=csrf-token]")?.content ?? "",
  input: (page) => page.querySelector("input[name=csrf_token]")?.value ?? "",
  header: (_page, answer) => answer.headers.get("X-CSRF-Token") ?? "",
};

// A token from a freshly opened page. The old one may have expired.
async function renewToken() {
  if (wants.token === "none") return;
  if (wants.token === "json") {
    token = (await (await fetch("/session")).json()).csrf;
    return;
  }
  const answer = await fetch("/");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  token = tokenOf[wants.token](page, answer);
}

function bodyOf() {
  const said = turns.at(-1).content;
  if (wants.body === "json") {
    return JSON.stringify(wants.history === "none" ? { prompt: said } : { messages: turns });
  }
  const fields = new URLSearchParams(wants.history === "none" ? { prompt: said } : { messages: JSON.stringify(turns) });
  if (wants.token === "input") fields.set("csrf_token", token);
  return fields.toString();
}

function post() {
  const type = wants.body === "json" ? "application/json" : "application/x-www-form-urlencoded";
  return fetch("/generate_response/", {
    method: "POST",
    headers: { "Content-Type": type, "X-CSRFToken": token },
    body: bodyOf(),
  });
}

// The blocks of an event stream. Throws where the stream ends before its end.
async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("The reply was cut short.");
    const blocks = (kept + value).split("\n\n");
    kept = blocks.pop();
    for (const block of blocks) {
      if (block.startsWith("event: done") || block === "data: [DONE]") return;
      yield JSON.parse(block.slice("data: ".length));
    }
  }
}

async function* textOf(answer) {
  if (wants.shape === "json") {
    const { response, csrf } = await answer.json();
    token = csrf ?? token;
    yield response;
    return;
  }
  let text = "";
  for await (const event of events(answer)) {
    token = event.csrf ?? token;
    text = event.text ?? text + (event.delta ?? "");
    yield text;
  }
}

function show(role, text) {
  const item = document.createElement("li");
  item.className = role;
  item.textContent = text;
  talk.append(item);
  talk.scrollTop = talk.scrollHeight;
  return item;
}

function problemOf(answer) {
  const wait = answer.headers.get("Retry-After");
  if (answer.status === 429) return `Too many messages. Try again in ${wait} seconds.`;
  if (answer.status === 403) return "The site refused the message.";
  return `The site failed (${answer.status}).`;
}

async function ask(item) {
  if (wants.token === "cookie") token = tokenOf.cookie(); // another page may have changed it
  if (!token) await renewToken();
  let answer = await post();
  if (answer.status === 403) {
    await renewToken();
    answer = await post();
  }
  if (!answer.ok) throw new Error(problemOf(answer));
  token = answer.headers.get("X-CSRF-Token") ?? token;
  for await (const text of textOf(answer)) {
    item.textContent = text;
    talk.scrollTop = talk.scrollHeight;
  }
}

async function say(text) {
  notice.textContent = "";
  send.disabled = true;
  turns.push({ role: "user", content: text });
  const mine = show("user", text);
  const item = show("assistant waiting", "");
  try {
    await ask(item);
    item.className = "assistant";
    turns.push({ role: "assistant", content: item.textContent });
    prompt.value = "";
  } catch (error) {
    turns.pop();
    mine.remove();
    item.remove();
    notice.textContent = error instanceof TypeError ? "The site does not answer, or broke off." : error.message;
  } finally {
    send.disabled = false;
    prompt.focus();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!send.disabled && prompt.value.trim()) say(prompt.value);
});

prompt.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

document.getElementById("new").addEventListener("click", () => {
  turns = [];
  talk.replaceChildren();
  notice.textContent = "";
  prompt.focus();
});

if (wants.token in tokenOf && wants.token !== "header") token = tokenOf[wants.token](document);
