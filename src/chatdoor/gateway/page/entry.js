// Who may come in: the form that asks for a key stands in the place of the room until there is one.

import { key } from "./api.js";
import { byId } from "./dom.js";
import { focusPrompt } from "./prompt.js";

const [room, form, field, wrong] = ["room", "ask-key", "key", "key-wrong"].map(byId);

export const isAsking = () => !form.hidden;

export function openRoom() {
  if (!room.hidden) return;
  show({ asking: false });
  focusPrompt();
}

// Asks for another key than the one that was refused, if any.
export function askKey() {
  const first = form.hidden;
  wrong.textContent = key.get() ? "This key is not known here." : "";
  key.forget();
  show({ asking: true });
  if (first) field.focus();
}

function show({ asking }) {
  form.hidden = !asking;
  room.hidden = asking;
  document.body.classList.toggle("open", !asking);
}

// Calls the listener once there is a key to try.
export function onKey(listener) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = field.value.trim();
    field.value = "";
    if (/^[!-~]+$/.test(given)) {
      key.set(given);
      listener();
    } else {
      wrong.textContent = "A key has visible ASCII characters alone."; // a header holds no others
    }
  });
}
