async function ask(data, show) {
  for await (const text of textOf(await fetch("/chat", { method: "POST", body: new URLSearchParams(data) }))) show(text);
}
