async function ask(data, show) {
  const token = /(?:^|; )XSRF-TOKEN=([^;]*)/.exec(document.cookie)[1];
  const headers = { "Content-Type": "application/json", "X-XSRF-TOKEN": decodeURIComponent(token) };
  const body = JSON.stringify({ turns: turns.map((turn) => [turn.role, turn.content]) });
  const { job } = await (await fetch("/jobs", { method: "POST", headers, body })).json();
  const events = new EventSource(`/jobs/${job.id}`);
  events.addEventListener("progress", (event) => show(JSON.parse(event.data).so_far));
  await new Promise((resolve) => events.addEventListener("end", resolve));
  events.close();
}
