// The page: which site is talked to, who may, and what the keys and buttons do.

import { getState, key } from "./api.js";
import { asCurl, asPython, toClipboard } from "./copy.js";
import { byId, make } from "./dom.js";
import { keepPicked, picked } from "./kept.js";
import { showStale, showState } from "./panel.js";
import { announce, Talk } from "./talk.js";

const EVERY = 2000; // milliseconds between two looks at the state

const [model, talks, prompt, send, stop] = ["model", "talks", "prompt", "send", "stop"].map(byId);
const byModel = new Map();
let keyed = false;
let state = null;

const base = `${location.origin}/v1`;

function talk() {
  if (!byModel.has(model.value)) byModel.set(model.value, new Talk(model.value, { changed: showBusy, noted }));
  return byModel.get(model.value);
}

function showTalk() {
  if (talks.firstElementChild !== talk().element) talks.replaceChildren(talk().element);
  talk().follow(true);
  showBusy();
}

function showBusy() {
  const { busy } = talk();
  const moves = busy ? document.activeElement === send : document.activeElement === stop;
  send.hidden = busy;
  stop.hidden = !busy;
  if (moves) prompt.focus();
  if (!busy && state) refresh();
}

// The request of which the gateway has noted such an error: the same code, or where none was heard, the same time.
async function noted({ code }, { model: asked, began }) {
  if (!(await refresh())) return undefined;
  const since = state.now - (performance.now() - began) / 1000;
  const isIt = code ? (request) => request.code === code : (request) => request.code && request.model === asked && request.at > since;
  return state.requests.find(isIt);
}

function showModels(sites) {
  const names = sites.flatMap((site) => site.models);
  if (names.join("\n") === [...model.options].map((option) => option.value).join("\n")) return;
  const before = model.value || picked();
  model.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
  if (names.includes(before)) model.value = before;
  if (names.length) showTalk();
}

// Looks at the state, and says whether it was there to see. Where a key is needed, asks for it.
async function refresh() {
  try {
    state = await getState();
  } catch (error) {
    if (error.status === 401) askKey();
    else showStale(error.message);
    return false;
  }
  keyed = state.keys;
  openRoom();
  showModels(state.sites);
  showState(state);
  return true;
}

function openRoom() {
  if (!byId("room").hidden) return;
  byId("room").hidden = false;
  byId("ask-key").hidden = true;
  document.body.classList.add("open");
  prompt.focus();
}

function askKey() {
  const first = byId("ask-key").hidden;
  byId("key-wrong").textContent = key.get() ? "This key is not known here." : "";
  key.forget();
  byId("room").hidden = true;
  byId("ask-key").hidden = false;
  document.body.classList.remove("open");
  if (first) byId("key").focus();
}

byId("ask-key").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = byId("key").value.trim();
  byId("key").value = "";
  if (/^[!-~]+$/.test(given)) {
    key.set(given);
    refresh();
  } else {
    byId("key-wrong").textContent = "A key has visible ASCII characters alone."; // a header holds no others
  }
});

byId("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = prompt.value.trim();
  if (!text || talk().busy || !model.value) return;
  prompt.value = "";
  fit();
  talk().say(text);
});

// Whether the key belongs to an input method. Safari says so of the Enter that ends a composition by 229 alone.
const isComposing = (event) => event.isComposing || event.keyCode === 229;

prompt.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
  event.preventDefault();
  byId("say").requestSubmit();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !isComposing(event) && byModel.get(model.value)?.busy) talk().stop();
});

// The box grows with its text, as far as the style lets it.
function fit() {
  prompt.rows = Math.min(8, prompt.value.split("\n").length);
}
prompt.addEventListener("input", fit);

stop.addEventListener("click", () => talk().stop());

byId("new").addEventListener("click", () => {
  if (!model.value) return;
  talk().leave();
  byModel.delete(model.value);
  showChat();
  showTalk();
  announce("New conversation.");
  prompt.focus();
});

model.addEventListener("change", () => {
  keepPicked(model.value);
  showChat();
  showTalk();
  announce(`You talk to ${model.value}.`);
});

talks.addEventListener("scroll", () => talk().scrolled(talks), { passive: true });

async function copy(button, text) {
  const label = (button.dataset.label ??= button.textContent);
  const done = await toClipboard(text).then(() => "Copied", () => "Not copied: the browser does not let this page");
  button.textContent = done;
  announce(done);
  setTimeout(() => (button.textContent = label), 1500);
}

for (const [id, write] of [["copy-curl", asCurl], ["copy-python", asPython]]) {
  byId(id).addEventListener("click", () => copy(byId(id), write(base, talk().request(prompt.value.trim()), { keyed })));
}

talks.addEventListener("click", ({ target }) => {
  if (target.matches(".code button")) copy(target, target.closest(".code").querySelector("pre").textContent);
});

// Beside the chat where there is room, else in its place.
const wide = matchMedia("(min-width: 60rem)");
function showPanel(open) {
  document.body.classList.toggle("with-state", open);
  byId("show-state").setAttribute("aria-expanded", String(open));
}
const showChat = () => wide.matches || showPanel(false);
wide.addEventListener("change", () => showPanel(wide.matches));
byId("show-state").addEventListener("click", () => showPanel(!document.body.classList.contains("with-state")));
showPanel(wide.matches);

async function watch() {
  if (document.visibilityState === "visible" && byId("ask-key").hidden) await refresh();
  setTimeout(watch, EVERY);
}
watch();
