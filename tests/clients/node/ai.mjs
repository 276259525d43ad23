// Vercel's AI SDK. `node ai.mjs PROVIDER CALL` makes one call of those below and prints what came as JSON.

import { writeSync } from "node:fs";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";

const settings = { name: "gateway", baseURL: process.env.GATEWAY_URL, apiKey: process.env.GATEWAY_KEY ?? "none" };
const models = {
  compatible: () => createOpenAICompatible({ ...settings, includeUsage: true })("practice"),
  openai: () => createOpenAI(settings).chat("practice"),
};

const [provider, call] = process.argv.slice(2);
const messages = [{ role: "user", content: "say exactly: one two three four" }];
const request = { model: models[provider](), messages, maxRetries: 0 };

const calls = {
  async whole() {
    const { text, finishReason, usage, response, warnings } = await generateText(request);
    return { text, finishReason, usage, model: response.modelId, warnings };
  },
  async retrying() {
    const { text } = await generateText({ ...request, maxRetries: 2 });
    return { text };
  },
  async keyed() {
    settings.fetch = losing(1);
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const { text } = await generateText({ ...request, model: models[provider](), headers, maxRetries: 2 });
    return { text };
  },
  async stream() {
    const result = streamText(request);
    const pieces = [];
    for await (const piece of result.textStream) pieces.push(piece);
    return { pieces, finishReason: await result.finishReason, usage: await result.usage };
  },
  async abort() {
    const stop = new AbortController();
    const result = streamText({ ...request, abortSignal: stop.signal });
    const kinds = [];
    for await (const part of result.fullStream) {
      kinds.push(part.type);
      if (part.type === "text-delta") stop.abort();
    }
    return { kinds };
  },
  async broken() {
    const result = streamText({ ...request, maxRetries: 2, onError() {} });
    const pieces = [];
    try {
      for await (const piece of result.textStream) pieces.push(piece);
    } catch (error) {
      return { pieces, ...told(error) };
    }
    return { pieces };
  },
};

function losing(count) {
  return async (...asked) => {
    const answer = await fetch(...asked);
    if (count-- <= 0) return answer;
    throw new TypeError("fetch failed", { cause: new Error("the answer is lost on its way") });
  };
}

function told(error) {
  const { name, statusCode, isRetryable, data } = error;
  return { error: name, status: statusCode, isRetryable, code: data?.error?.code, text: error.message };
}

const result = await calls[call]().catch(told);
writeSync(1, JSON.stringify(result));
process.exit(0); // a connection that is kept would hold it up
