let token;
let conversation;

async function ask(data, show) {
  token ??= (await (await fetch("/api/csrf")).json()).csrfToken;
  const headers = { "Content-Type": "application/json", "x-csrf-token": token };
  const body = JSON.stringify({ message: data.get("message"), conversation_id: conversation });
  for await (const text of textOf(await fetch("/api/chat", { method: "POST", headers, body }))) {
    const records = text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    conversation ??= records.find((record) => record.type === "start")?.conversation_id;
    show(records.filter((record) => record.type === "token").map((record) => record.text).join(""));
  }
}
