let token;

async function ask(data, show) {
  token ??= (await (await fetch("/csrf")).json()).csrf_token;
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  const answer = await fetch("/chat", { method: "POST", headers, body: JSON.stringify({ messages: turns }) });
  for await (const text of textOf(answer)) {
    const events = text.split(/\r?\n\r?\n/).slice(0, -1);
    const deltas = events.filter((event) => event.startsWith("event: delta"));
    show(deltas.map((event) => JSON.parse(/^data: (.*)$/m.exec(event)[1]).text).join(""));
  }
}
