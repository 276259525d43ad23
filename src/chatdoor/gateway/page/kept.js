// What outlives a reload, in this tab alone: which model is picked, and what was said to each.

const PICKED = "chatdoor-model";
const TALK = "chatdoor-talk ";
const NOTHING = { conversation: null, messages: [] };

function keep(name, text) {
  try {
    sessionStorage.setItem(name, text);
  } catch {
    sessionStorage.removeItem(name); // there is no room: rather nothing than an old state
  }
}

export const picked = () => sessionStorage.getItem(PICKED);

export const keepPicked = (model) => keep(PICKED, model);

// A conversation: its id at the gateway, and its messages, which end with a reply.
export const talkOf = (model) => JSON.parse(sessionStorage.getItem(TALK + model)) ?? NOTHING;

export const keepTalk = (model, { conversation, messages }) =>
  keep(TALK + model, JSON.stringify({ conversation, messages }));

export const forgetTalk = (model) => sessionStorage.removeItem(TALK + model);
