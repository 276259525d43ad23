// Elements from data. What is shown is always a text or a node: nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// A new element. Strings among the children are texts.
export const make = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

// A new element of a drawing.
export const draw = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, tag), attributes, children);

// Gives an element these children, and touches only what differs: what a reader has selected stays selected.
export function refill(element, fresh) {
  const shown = [...element.childNodes];
  fresh.forEach((node, at) => (shown[at] ? update(shown[at], node) : element.append(node)));
  shown.slice(fresh.length).forEach((node) => node.remove());
}

function update(shown, node) {
  if (!shown.cloneNode().isEqualNode(node.cloneNode())) shown.replaceWith(node);
  else refill(shown, [...node.childNodes]);
}

export const byId = (id) => document.getElementById(id);
