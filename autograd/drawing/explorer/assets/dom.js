// Elements. Whatever comes from a label becomes a text node, never markup.

const SVG = "http://www.w3.org/2000/svg";

export function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Set a text or an attribute only if it changes: most of a large picture stays as it is.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

// A line of mathematics: strings, and [class, text] pairs for numbers and names.
export function line(parts, attributes = {}) {
  return html("div", { class: "line", ...attributes }, ...spans(parts));
}

export function spans(parts) {
  return parts.map((part) =>
    Array.isArray(part) ? html("span", { class: part[0] }, part[1]) : part,
  );
}

export function plain(parts) {
  return parts.map((part) => (Array.isArray(part) ? part[1] : part)).join("");
}

// Between two factors, where a line does not break before the dot.
export const TIMES = "\u00a0· ";

export function byId(id) {
  return document.getElementById(id);
}

export const motionReduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
