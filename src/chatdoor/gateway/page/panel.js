// The state panel: each site, and the last requests. What is there stays, and only its texts change.

import { chart, duration, median } from "./chart.js";
import { byId, make, refill } from "./dom.js";

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

// A message without the site's name, where that stands above it.
const unnamed = (message, site) => message.replace(`${site}: `, "");

function fault(site, now) {
  if (!site.fault) return [];
  const { at, status, message, code, way_out: wayOut } = site.fault;
  const when = now - at < 1 ? "Just now" : `${age(now - at)} ago`;
  return [make("div", { class: site.state === "failing" ? "failed" : "failed past" },
    make("p", {}, make("strong", {}, `${when}, ${status}: `), unnamed(message, site.name) || code || "an error"),
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
  const message = unnamed(request.message, request.site);
  const quiet = (text) => make("span", { class: "more" }, text);
  const more = [
    ...(request.status === 499 ? [quiet("stopped by the caller")] : []),
    ...(bad && request.status !== 499
      ? [make("span", { class: "more wrong", title: message }, `${request.status} ${message}`)] : []),
    ...(request.prompt ? [quiet(`“${request.prompt}”`)] : []),
    ...(request.reply ? [quiet(`→ ${request.reply}`)] : []),
    ...(request.conversation
      ? [make("span", { class: "more id", title: request.conversation }, request.conversation)] : []),
  ];
  return make("tr", {},
    make("td", {}, make("time", { datetime: at.toISOString() }, at.toLocaleTimeString([], { hour12: false }))),
    make("td", {}, request.model, ...more),
    make("td", { class: "number" }, request.first_ms === null ? "–" : duration(request.first_ms)),
    make("td", { class: "number" }, duration(request.ms)));
}

// Shows what the gateway tells of itself.
export function showState(state) {
  showStale("");
  refill(byId("sites"), state.sites.map((site) => card(site, state.now)));
  byId("last").hidden = !state.requests.length;
  byId("texts").hidden = !state.texts;
  byId("none").hidden = state.requests.length > 0;
  refill(byId("last").tBodies[0], state.requests.map(row));
}

// Says why there is no state, or an old one. To those who listen, the same is said once.
export function showStale(message) {
  if (byId("stale").textContent !== message) byId("stale").textContent = message;
}
