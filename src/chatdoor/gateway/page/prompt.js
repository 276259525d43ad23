// The box in which a person writes, and its keys.

import { byId } from "./dom.js";

const LINES = 8; // the most that it grows to

const [form, box] = ["say", "prompt"].map(byId);

// Whether a key belongs to an input method. Safari says so of the Enter that ends a composition by 229 alone.
const isComposing = (event) => event.isComposing || event.keyCode === 229;

export const promptText = () => box.value.trim();

export const focusPrompt = () => box.focus();

// Calls the listener with each text that is sent. It stays in the box where the listener does not take it.
export function onSend(listener) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!promptText() || !listener(promptText())) return;
    box.value = "";
    fit();
  });
}

export function onEscape(listener) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !isComposing(event)) listener();
  });
}

box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
  event.preventDefault();
  form.requestSubmit();
});

function fit() {
  box.rows = Math.min(LINES, box.value.split("\n").length);
}
box.addEventListener("input", fit);
