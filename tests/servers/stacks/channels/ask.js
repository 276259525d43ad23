const socket = new WebSocket(`ws://${location.host}/ws/chat/`);
const opened = new Promise((resolve) => socket.addEventListener("open", resolve));

async function ask(data, show) {
  await opened;
  let text = "";
  socket.onmessage = (event) => {
    const record = JSON.parse(event.data);
    if (record.type === "token") show((text += record.text));
  };
  socket.send(JSON.stringify({ text: data.get("message") }));
}
