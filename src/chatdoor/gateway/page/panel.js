// The state panel: each site, and the last requests. What is there stays, and only its texts change.

import { chart, duration, median } from "./chart.js";
import { byId, make } from "./dom.js";

const STATES = { ready: "ready", failing: "failing", unasked: "not asked yet" };
const DAY = 86400;

function age(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < DAY ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / DAY)} d`;
}

const fact = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));

function facts(site) {
  return make("dl", {},
    fact("Session", site.session_age === null ? "none" : age(site.session_age)),
    fact("Requests", String(site.requests)),
    fact("Errors", String(site.faults)),
    fact("Median", site.took.length ? duration(median(site.took.map((each) => each.ms))) : "–"));
}

function fault(site, now) {
  if (!site.fault) return [];
  const { at, status, message, code, way_out: wayOut } = site.fault;
  return [make("div", { class: site.state === "failing" ? "failed" : "failed past" },
    make("p", {}, make("strong", {}, `${age(now - at) === "0 s" ? "Just now" : `${age(now - at)} ago`}, ${status}: `), message || code || "an error"),
    ...(wayOut ? [make("p", { class: "quiet" }, wayOut)] : []))];
}

function card(site, now) {
  return make("li", { class: site.state },
    make("h3", {}, make("span", { class: "dot", "aria-hidden": "true" }), site.name,
      make("span", { class: "word" }, STATES[site.state] ?? site.state)),
    facts(site),
    ...(site.took.length ? [chart(site.took)] : []),
    ...fault(site, now));
}

function row(request) {
  const at = new Date(request.at * 1000);
  const bad = request.status !== 200;
  const message = request.message.replace(`${request.site}: `, "");
  const quiet = (text) => make("span", { class: "more" }, text);
  const more = [
    ...(request.status === 499 ? [quiet("stopped by the caller")] : []),
    ...(bad && request.status !== 499
      ? [make("span", { class: "more wrong", title: message }, `${request.status} ${message}`)] : []),
    ...(request.prompt ? [quiet(`“${request.prompt}”`)] : []),
    ...(request.reply ? [quiet(`→ ${request.reply}`)] : []),
    ...(request.conversation ? [make("span", { class: "more id", title: request.conversation }, request.conversation)] : []),
  ];
  return make("tr", {},
    make("td", {}, make("time", { datetime: at.toISOString() }, at.toLocaleTimeString([], { hour12: false }))),
    make("td", {}, request.model, ...more),
    make("td", { class: "number" }, request.first_ms === null ? "–" : duration(request.first_ms)),
    make("td", { class: "number" }, duration(request.ms)));
}

// Shows what the gateway tells of itself, where it is not what is shown already.
let shown = "";
export function showState(state) {
  byId("stale").textContent = "";
  const text = JSON.stringify({ ...state, now: Math.round(state.now / 10) });
  if (text === shown) return;
  shown = text;
  byId("sites").replaceChildren(...state.sites.map((site) => card(site, state.now)));
  byId("last").hidden = !state.requests.length;
  byId("texts").hidden = !state.texts;
  byId("none").hidden = state.requests.length > 0;
  byId("last").tBodies[0].replaceChildren(...state.requests.map(row));
}

export function showStale(message) {
  byId("stale").textContent = message;
}
