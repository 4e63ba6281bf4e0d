// How wide a text is in the picture, and what of it there is room for.

import { byId, svg } from "./dom.js";

const canvas = document.createElement("canvas").getContext("2d");
const fonts = new Map();

// The width of a text of the class `kind` in an element of the class `around`, as the style sheet
// has it. A canvas measures without laying out the page.
export function textWidth(text, kind, around) {
  const key = `${around} ${kind}`;
  if (!fonts.has(key)) {
    const probe = svg("text", { class: kind });
    const holder = svg("g", { class: around }, probe);
    byId("picture").append(holder);
    const { fontWeight, fontSize, fontFamily } = getComputedStyle(probe);
    fonts.set(key, `${fontWeight} ${fontSize} ${fontFamily}`);
    holder.remove();
  }
  canvas.font = fonts.get(key);
  return canvas.measureText(text).width;
}

// As much of a text as fits, with the whole text for who points at it. It is cut in the middle: the
// names of parameters, 0.weight[3][1], differ at their end.
export function fitted(text, width, kind, around) {
  const letters = [...text];
  const fits = (part) => textWidth(part, kind, around) <= width;
  if (fits(text)) return [text];
  let [few, many] = [0, letters.length];
  const shortened = (length) => {
    const start = letters.slice(0, Math.ceil(length / 2)).join("").trimEnd();
    const end = letters.slice(letters.length - Math.floor(length / 2)).join("").trimStart();
    return `${start}…${end}`;
  };
  while (many - few > 1) {
    const middle = Math.floor((few + many) / 2);
    if (fits(shortened(middle))) few = middle;
    else many = middle;
  }
  return [shortened(few), svg("title", {}, text)];
}
