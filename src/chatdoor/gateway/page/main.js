// The page: which site is talked to, how the gateway is, and what the buttons do.

import { getState } from "./api.js";
import { asCurl, asPython, toClipboard } from "./copy.js";
import { byId, make } from "./dom.js";
import { askKey, isAsking, onKey, openRoom } from "./entry.js";
import { keepPicked, picked } from "./kept.js";
import { showStale, showState } from "./panel.js";
import { focusPrompt, onEscape, onSend, promptText } from "./prompt.js";
import { announce, Talk } from "./talk.js";

const EVERY = 2000; // milliseconds between two looks at the state
const BASE = `${location.origin}/v1`;

const [model, talks, send, stop] = ["model", "talks", "send", "stop"].map(byId);
const byModel = new Map();
let state = null;

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
  if (moves) focusPrompt();
  if (!busy && state) refresh();
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
    showStale(error.status === 401 ? "" : error.message);
    if (error.status === 401) askKey();
    return false;
  }
  openRoom();
  showModels(state.sites);
  showState(state);
  return true;
}

// The request of which the gateway has noted such an error: the same code, or where none was heard, the same time.
async function noted({ code }, { model: asked, began }) {
  if (!(await refresh())) return undefined;
  const since = state.now - (performance.now() - began) / 1000;
  const isOurs = (request) => request.code && request.model === asked && request.at > since;
  return state.requests.find(code ? (request) => request.code === code : isOurs);
}

async function watch() {
  if (document.visibilityState === "visible" && !isAsking()) await refresh();
  setTimeout(watch, EVERY);
}

onKey(refresh);

onSend((text) => {
  if (talk().busy || !model.value) return false;
  talk().say(text);
  return true;
});

onEscape(() => byModel.get(model.value)?.stop());
stop.addEventListener("click", () => talk().stop());

byId("new").addEventListener("click", () => {
  if (!model.value) return;
  talk().leave();
  byModel.delete(model.value);
  showChat();
  showTalk();
  announce("New conversation.");
  focusPrompt();
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
  byId(id).addEventListener("click", ({ target }) => {
    copy(target, write(BASE, talk().request(promptText()), { keyed: state.keys }));
  });
}

talks.addEventListener("click", ({ target }) => {
  if (target.matches(".code button")) copy(target, target.closest(".code").querySelector("pre").textContent);
});

// The state stands beside the chat where there is room, else in its place.
const wide = matchMedia("(min-width: 60rem)");
const showChat = () => wide.matches || showPanel(false);

function showPanel(open) {
  document.body.classList.toggle("with-state", open);
  byId("show-state").setAttribute("aria-expanded", String(open));
}
wide.addEventListener("change", () => showPanel(wide.matches));
byId("show-state").addEventListener("click", () => showPanel(!document.body.classList.contains("with-state")));
showPanel(wide.matches);

watch();
