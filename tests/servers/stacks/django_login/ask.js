async function ask(data, show) {
  show((await (await fetch("/chat/", { method: "POST", body: data })).json()).reply);
}
