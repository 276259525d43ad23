async function ask(data, show) {
  const token = document.querySelector("meta[name=csrf-token]").content;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  const body = JSON.stringify({ message: data.get("message") });
  show((await (await fetch("/chat", { method: "POST", headers, body })).json()).reply);
}
