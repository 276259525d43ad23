// The gateway's own API, as every client uses it. The key stands in a header, never in an address.

const KEY = "chatdoor-key";
const BUSY = 10; // milliseconds

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (text) => sessionStorage.setItem(KEY, text),
  forget: () => sessionStorage.removeItem(KEY),
};

// What the gateway says is wrong; `status` is 0 where it did not say it.
export class ApiError extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const headersOf = (more) => (key.get() ? { ...more, Authorization: `Bearer ${key.get()}` } : more);

async function call(path, options) {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", credentials: "omit", redirect: "error", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The gateway does not answer. Is it still running?", 0, "unreachable");
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

async function problemOf(answer) {
  const said = await answer.json().catch(() => ({}));
  return new ApiError(said.error?.message ?? `The gateway answered ${answer.status}.`, answer.status, said.error?.code);
}

export const getState = async () => (await call("/v1/chatdoor/state", { headers: headersOf({}) })).json();

// The request that asks for a reply.
export const requestOf = (model, messages) => ({ model, messages });

// Asks a site. `onStart` gets the conversation's id, `onPiece` each text.
export async function stream(request, { conversation, signal, onStart, onPiece }) {
  const headers = headersOf({ "Content-Type": "application/json" });
  if (conversation) headers["X-Conversation-Id"] = conversation;
  const body = JSON.stringify({ ...request, stream: true });
  const answer = await call("/v1/chat/completions", { method: "POST", headers, body, signal });
  onStart(answer.headers.get("X-Conversation-Id"));
  for await (const data of events(answer.body)) {
    if (data === "[DONE]") return;
    const event = JSON.parse(data);
    if (event.error) throw new ApiError(event.error.message, answer.status, event.error.code);
    const text = event.choices?.[0]?.delta?.content;
    if (text) onPiece(text);
  }
  throw broken();
}

// Without a code: why it broke was not heard.
const broken = () => new ApiError("The reply was cut short.", 0);

// The data of each event. What comes at once in one heap is given out in small ones, so that the page can react.
async function* events(body) {
  let pause = performance.now() + BUSY;
  let kept = "";
  for await (const text of texts(body)) {
    const blocks = (kept + text).split("\n\n");
    kept = blocks.pop();
    for (const block of blocks) {
      if (block.startsWith("data: ")) yield block.slice(6);
      if (performance.now() < pause || document.hidden) continue;
      await new Promise((resolve) => setTimeout(resolve));
      pause = performance.now() + BUSY;
    }
  }
}

// What comes. A read is always waiting for it: with a broken connection, the browser drops what nobody has read yet,
// and that may be the error that says why.
async function* texts(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let next = reader.read();
  for (;;) {
    const { done, value } = await next.catch((error) => {
      throw error.name === "AbortError" ? error : broken();
    });
    if (done) return;
    next = reader.read();
    next.catch(() => {}); // it is heard in its turn
    yield decoder.decode(value, { stream: true });
  }
}
