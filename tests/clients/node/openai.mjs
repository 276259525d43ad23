// The official openai SDK for Node. `node openai.mjs CALL` makes one call of those below and prints what came as JSON.

import { writeSync } from "node:fs";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.GATEWAY_URL, apiKey: process.env.GATEWAY_KEY ?? "none" });
const request = { model: "practice", messages: [{ role: "user", content: "say exactly: one two three four" }] };

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const calls = {
  async whole() {
    const { data, response, request_id } = await client.chat.completions.create(request).withResponse();
    return { data, request_id, fidelity: response.headers.get("x-chatdoor-fidelity") };
  },
  async stream() {
    const options = { stream: true, stream_options: { include_usage: true } };
    return { chunks: await collect(await client.chat.completions.create({ ...request, ...options })) };
  },
  async helper() {
    const stream = client.chat.completions.stream(request);
    let pieces = 0;
    stream.on("content", () => pieces++);
    const whole = await stream.finalChatCompletion();
    return { pieces, text: await stream.finalContent(), whole };
  },
  async leave() {
    const stream = await client.chat.completions.create({ ...request, stream: true });
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 2) break;
    return { chunks };
  },
  async abort() {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    return client.chat.completions.create(request, { signal: stop.signal });
  },
  async models() {
    const names = (await collect(client.models.list())).map((model) => model.id);
    return { names, one: await client.models.retrieve("practice/eliza") };
  },
};

function told(error) {
  const { status, code, type, param, requestID } = error;
  return { error: error.constructor.name, status, code, type, param, request_id: requestID };
}

const result = await calls[process.argv[2]]().catch(told);
writeSync(1, JSON.stringify(result));
process.exit(0); // a connection that is kept would hold it up
