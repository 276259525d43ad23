// The site: `node app.js`, with NODE_PATH naming the folder that holds its packages.
// Source: https://github.com/Psifi-Solutions/csrf-csrf ("Getting Started").
"use strict";

const { randomBytes, randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const cookieParser = require("cookie-parser");
const { doubleCsrf } = require("csrf-csrf");
const express = require("express");
const session = require("express-session");

const SECRET = "secret?";
/** Answered turns kept; the counters go on. */
const KEPT = 1000;

const nothing = () => ({ pages: 0, tokens: 0, accepted: 0, refused: 0, logins: 0, heard: [] });
let seen = nothing();
const talks = new Map();
const sessions = new session.MemoryStore();

function answer(turns) {
  seen.accepted += 1;
  seen.heard = [...seen.heard, [...turns]].slice(-KEPT);
  const last = turns.at(-1);
  const [which, turn] = last === SECRET ? ["first", turns[0]] : ["last", last];
  return `You said ${turns.length} things; the ${which} was: ${turn}`;
}

const secret = randomBytes(32).toString("hex");
const { generateCsrfToken, doubleCsrfProtection, invalidCsrfTokenError } = doubleCsrf({
  getSecret: () => secret,
  getSessionIdentifier: (request) => request.session.id,
  cookieName: "x-csrf-token", // the default one's `__Host-` needs https
  cookieOptions: { sameSite: "strict", path: "/", secure: false },
});

const controls = {
  stats: () => {},
  reset: () => {
    seen = nothing();
  },
  expire: () => sessions.clear(),
  lose: () => talks.clear(),
};

const read = (name) => readFileSync(join(__dirname, name), "utf8");
const PAGE = read("../chat.html").replace("/*ask*/", () => read("ask.js"));

const app = express();

app.get("/_control/:name", (request, response) => {
  controls[request.params.name]();
  response.json(seen);
});

app.use(session({ secret, store: sessions, resave: false, saveUninitialized: false }));
app.use(cookieParser());

app.get("/", (_request, response) => {
  seen.pages += 1;
  response.send(PAGE);
});

app.get("/api/csrf", (request, response) => {
  seen.tokens += 1;
  request.session.visitor = true; // an empty session is not kept
  response.json({ csrfToken: generateCsrfToken(request, response) });
});

app.post("/api/chat", doubleCsrfProtection, express.json(), (request, response) => {
  const { message, conversation_id: known } = request.body;
  const id = known ?? randomUUID();
  if (known && !talks.has(known)) return response.status(404).json({ error: "no such conversation" });
  talks.set(id, [...(talks.get(id) ?? []), message]);
  response.type("application/x-ndjson");
  const write = (record) => response.write(`${JSON.stringify(record)}\n`);
  write({ type: "start", conversation_id: id });
  for (const text of answer(talks.get(id)).split(/(?= )/)) write({ type: "token", text });
  write({ type: "done" });
  response.end();
});

app.use((error, _request, _response, next) => {
  seen.refused += error === invalidCsrfTokenError;
  next(error);
});

const server = app.listen(0, "127.0.0.1", () => console.log(`ready ${server.address().port}`));
process.stdin.on("end", () => process.exit()).resume();
