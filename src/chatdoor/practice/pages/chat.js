// The chat page of the practice site. What the site wants stands in the data attributes of <body>.
"use strict";

const CHAT = "/generate_response/";
const wants = document.body.dataset;
const talk = document.getElementById("talk");
const notice = document.getElementById("notice");
const form = document.getElementById("say");
const prompt = document.getElementById("prompt");
const send = form.querySelector("[type=submit]");
const inForm = wants.token === "input" && (wants.body === "form" || wants.body === "multipart");
const isNamed = wants.history === "id" || wants.history === "start";
let turns = [];
let token = "";
let bearer = "";
let conversation = "";

const metaOf = (page) => page.querySelector("meta[name=csrf-token]")?.content ?? "";

const tokenOf = {
  cookie: () => /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "",
  meta: metaOf,
  named: metaOf,
  masked: metaOf,
  input: (page) => page.querySelector("main input[name=csrf_token]")?.value ?? "",
  script: (page) => /csrf: "([0-9a-f]+)"/.exec(page.getElementById("state")?.textContent)?.[1] ?? "",
  header: (_page, answer) => answer.headers.get("X-CSRF-Token") ?? "",
};

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function showSignIn() {
  location.assign("/login");
  throw new Error("Sign in first.");
}

// A token from a freshly opened page. The old one may have expired.
async function renewToken() {
  if (wants.token === "none") return;
  if (wants.token === "json") {
    token = (await (await fetch("/session")).json()).csrf;
    return;
  }
  const answer = await fetch("/");
  if (new URL(answer.url).pathname === "/login") showSignIn();
  token = tokenOf[wants.token](parsed(await answer.text()), answer);
}

function headersOf() {
  const headers = {};
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  if (token && !inForm) headers[wants.token === "named" ? "X-XSRF-Token" : "X-CSRF-Token"] = token;
  return headers;
}

async function post(path, options) {
  const answer = await fetch(path, { method: "POST", ...options, headers: { ...options.headers, ...headersOf() } });
  if (answer.redirected && new URL(answer.url).pathname === "/login") showSignIn();
  return answer;
}

// A program would keep the user's own words; this one knows whom the site lets in.
async function signIn() {
  const body = JSON.stringify({ user: "guest", password: "guest" });
  const own = inForm ? { "X-CSRF-Token": token } : {}; // JSON has no field for the form's token
  const answer = await post("/login", { headers: { "Content-Type": "application/json", ...own }, body });
  if (!answer.ok) throw new Error(problemOf(answer));
  bearer = (await answer.json()).token;
  await renewToken();
}

async function startConversation() {
  const body = inForm ? new URLSearchParams({ csrf_token: token }) : undefined;
  const answer = await post("/conversations", { body });
  if (!answer.ok) throw new Error(problemOf(answer));
  conversation = (await answer.json()).conversation;
}

function filled(fields, values) {
  for (const [name, value] of Object.entries(values)) fields.set(name, value);
  return fields;
}

function textsOf() {
  const said = turns.at(-1).content;
  const texts = wants.history === "client" ? { messages: JSON.stringify(turns) } : { prompt: said };
  if (conversation) texts.conversation = conversation;
  if (inForm) texts.csrf_token = token;
  return texts;
}

const sendBy = {
  json: () => {
    const { messages, ...texts } = textsOf();
    const body = JSON.stringify(messages ? { ...texts, messages: turns } : texts);
    return post(CHAT, { headers: { "Content-Type": "application/json" }, body });
  },
  form: () => post(CHAT, { body: new URLSearchParams(textsOf()) }),
  multipart: () => post(CHAT, { body: filled(new FormData(), textsOf()) }),
  text: () => {
    const { messages, prompt: said, ...rest } = textsOf();
    const headers = { "Content-Type": "text/plain; charset=utf-8" };
    return post(`${CHAT}?${new URLSearchParams(rest)}`, { headers, body: messages ?? said });
  },
  query: () => post(`${CHAT}?${new URLSearchParams(textsOf())}`, { method: "GET" }),
};

async function* chunksOf(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

// The records of a stream, up to its end. Throws where the stream ends before that.
async function* records(answer, separator, read, isEnd) {
  let kept = "";
  for await (const chunk of chunksOf(answer)) {
    const blocks = (kept + chunk).split(separator);
    kept = blocks.pop();
    for (const block of blocks) {
      if (isEnd.test(block)) return;
      yield read(block);
    }
  }
  throw new Error("The reply was cut short.");
}

function eventOf(block) {
  const data = JSON.parse(/^data: (.*)$/m.exec(block)[1]);
  return { ...data, event: /^event: (.*)$/m.exec(block)?.[1] ?? "message" };
}

const events = (answer) => records(answer, "\n\n", eventOf, /^event: (done|end)|^data: \[DONE\]/);
const lines = (answer) => records(answer, "\n", JSON.parse, /"kind":"end"/);

function learn(record) {
  if (record.error) throw new Error(`The site reports: ${record.error}.`);
  token = record.csrf ?? token;
  conversation = record.conversation ?? conversation;
}

async function* streamed(found, isWhole = () => false) {
  let text = "";
  for await (const record of found) {
    learn(record);
    if (record.event !== undefined && record.event !== "message") continue;
    const part = record.delta ?? record.text ?? "";
    text = isWhole(record) ? part : text + part;
    yield text;
    if (record.type === "final") return;
  }
}

async function* fromJson(answer) {
  const record = await answer.json();
  learn(record);
  yield record.response;
}

async function* fromText(answer) {
  let text = "";
  for await (const chunk of chunksOf(answer)) {
    text += chunk;
    yield text;
  }
}

async function* fromPage(answer) {
  const page = parsed(await answer.text());
  if (wants.token !== "json" && wants.token !== "none") token = tokenOf[wants.token](page, answer) || token;
  const last = page.querySelector("#talk li:last-child");
  if (last?.className !== "assistant") throw new Error(last?.textContent ?? "The page holds no reply.");
  yield last.textContent;
}

async function jobOf(answer) {
  const record = await answer.json();
  learn(record);
  return `/jobs/${record.job}`;
}

async function* fromJobStream(answer) {
  yield* streamed(events(await fetch(await jobOf(answer))));
}

async function* fromJobPoll(answer) {
  const job = await jobOf(answer);
  for (;;) {
    const record = await (await fetch(job)).json();
    if (record.state === "ready") {
      learn(record);
      yield record.result.text;
      return;
    }
    await pause(100);
  }
}

// What a close code means, said as HTTP would.
const closed = { 4401: 401, 4403: 403, 4404: 404 };

// What a socket hears, one event after the other; its close is the last.
function listen(socket) {
  const heard = [];
  let wake = () => {};
  for (const type of ["message", "close"]) socket.addEventListener(type, (event) => wake(heard.push(event)));
  return async () => {
    while (!heard.length) await new Promise((resolve) => (wake = resolve));
    return heard.shift();
  };
}

// A message in a frame: a script can give a socket no header, so the tokens go along in it.
async function sendInFrame() {
  const { messages, ...texts } = textsOf();
  const said = messages ? { ...texts, messages: turns } : texts;
  const socket = new WebSocket(new URL(CHAT, location.href.replace(/^http/, "ws")));
  const next = listen(socket);
  socket.addEventListener("open", () => socket.send(JSON.stringify({ ...said, csrf: token, bearer })));
  const first = await next();
  const status = first.type === "close" ? (closed[first.code] ?? 500) : 200;
  return { ok: status === 200, status, headers: new Headers(), socket, first, next };
}

async function* frames({ socket, first, next }) {
  for (let event = first; event.type === "message"; event = await next()) {
    const record = JSON.parse(event.data);
    if (record.type === "done") return socket.close();
    yield record;
  }
  throw new Error("The reply was cut short.");
}

const textBy = {
  json: fromJson,
  "sse-delta": (answer) => streamed(events(answer)),
  "sse-cumulative": (answer) => streamed(events(answer), (record) => "text" in record),
  "sse-snapshot": (answer) => streamed(records(answer, "\n\n", eventOf, /$^/), (record) => record.type === "final"),
  "sse-mixed": (answer) => streamed(events(answer)),
  ndjson: (answer) => streamed(lines(answer)),
  text: fromText,
  html: fromPage,
  redirect: fromPage,
  "job-stream": fromJobStream,
  "job-poll": fromJobPoll,
  websocket: (answer) => streamed(frames(answer)),
};

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
  if (answer.status === 401 || answer.status === 403) return "The site refused the message.";
  if (answer.status === 404) return "The site has forgotten this talk. Begin a new one.";
  return `The site failed (${answer.status}).`;
}

async function prepare() {
  if (wants.token === "cookie") token = tokenOf.cookie(); // another page may have changed it
  if (!token) await renewToken();
  if (wants.login === "json" && !bearer) await signIn();
  if (wants.history === "start" && !conversation) await startConversation();
}

async function ask(item) {
  await prepare();
  const sendIt = wants.reply === "websocket" ? sendInFrame : sendBy[wants.body];
  let answer = await sendIt();
  if (answer.status === 401 || answer.status === 403) {
    token = "";
    bearer = "";
    await renewToken();
    await prepare();
    answer = await sendIt();
  }
  if (!answer.ok) throw new Error(problemOf(answer));
  token = answer.headers.get("X-CSRF-Token") ?? token;
  conversation = (isNamed && answer.headers.get("X-Conversation-Id")) || conversation;
  for await (const text of textBy[wants.reply](answer)) {
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

document.getElementById("new").addEventListener("click", async () => {
  turns = [];
  conversation = "";
  talk.replaceChildren();
  notice.textContent = "";
  if (wants.history === "session") {
    await fetch("/leave", { method: "POST" }); // the site knows the talk by the visitor
    location.reload();
  }
  prompt.focus();
});

if (wants.token in tokenOf && wants.token !== "header") token = tokenOf[wants.token](document);
