// A request as a command or a program that anybody can run. A key is named, never written.

const VARIABLE = "CHATDOOR_API_KEY";

const inShell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function asCurl(base, request, { keyed }) {
  const lines = [
    `curl ${inShell(`${base}/chat/completions`)}`,
    `  -H 'Content-Type: application/json'`,
    ...(keyed ? [`  -H "Authorization: Bearer $${VARIABLE}"`] : []),
    `  -d ${inShell(JSON.stringify(request))}`,
  ];
  return `${lines.join(" \\\n")}\n`;
}

// Texts are written as JSON, which is how Python writes them too.
export function asPython(base, request, { keyed }) {
  const messages = request.messages.map((message) => `            ${JSON.stringify(message)},`);
  return [
    ...(keyed ? ["import os", ""] : []),
    "from openai import OpenAI",
    "",
    `key = ${keyed ? `os.environ["${VARIABLE}"]` : '"none"'}`,
    `with OpenAI(base_url=${JSON.stringify(base)}, api_key=key) as client:`,
    "    completion = client.chat.completions.create(",
    `        model=${JSON.stringify(request.model)},`,
    "        messages=[",
    ...messages,
    "        ],",
    "    )",
    "print(completion.choices[0].message.content)",
    "",
  ].join("\n");
}

// Puts a text on the clipboard. Where the browser keeps that from pages without TLS, the older way is taken.
export async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "unseen";
  const before = document.activeElement;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  before?.focus();
  if (!done) throw new Error("The browser does not let this page copy.");
}
