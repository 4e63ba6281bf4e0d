// The elements of the picture: cards of nodes and of folded groups, and frames of open ones.

import { svg } from "./dom.js";
import { sizesOf } from "./layout.js";
import { fitted, textWidth } from "./ruler.js";

const EDGE = 10; // of the texts, from the border
const GAP = 8; // between two texts
const BUTTON = 30;
const WIDEST_SYMBOL = 60;
const WIDEST_NAME = 64;

export class Cards {
  // `handlers`: hover(item or null), select(item), toggle(item).
  constructor(graph, folding, arithmetic, handlers) {
    Object.assign(this, { graph, folding, arithmetic, handlers, sizes: sizesOf(graph) });
  }

  card(item) {
    return this.folding.isGroup(item) ? this.groupCard(item) : this.nodeCard(item);
  }

  nodeCard(node) {
    const { nodes, roles } = this.graph;
    const role = roles[nodes.role[node]];
    const symbol = this.arithmetic.operation(node)?.symbol ?? "";
    const kind = symbol.length > 3 ? "symbol word" : "symbol";
    const taken = symbol ? Math.min(WIDEST_SYMBOL, textWidth(symbol, kind, "card")) + GAP : 0;
    const room = this.sizes.card.width - 2 * EDGE - taken;
    const { width } = this.sizes.card;
    const data = this.number("data", "data", "card", width, 37);
    const gradient = this.number("gradient", "grad", "card", width, 54);
    const element = svg(
      "g",
      { class: `card ${role}`, ...this.itemAttributes(node) },
      svg("rect", { class: "face", ...this.sizes.card, rx: 9 }),
      svg(
        "text",
        { class: "title", x: EDGE, y: 19 },
        ...fitted(nodes.name[node], room, "title", "card"),
      ),
      svg(
        "text",
        { class: kind, x: this.sizes.card.width - EDGE, y: 19 },
        ...fitted(symbol, WIDEST_SYMBOL, kind, "card"),
      ),
      svg("text", { class: "key data-key", x: EDGE, y: 37 }, "data"),
      svg("text", { class: "key", x: EDGE, y: 54 }, "grad"),
      data.element,
      gradient.element,
    );
    return { element, data, gradient };
  }

  groupCard(item) {
    const group = this.folding.group(item);
    const room = this.sizes.folded.width - 2 * EDGE;
    const name = this.arithmetic.outputName(item);
    const text = (kind, y, content, width) =>
      svg("text", { class: kind, x: EDGE, y }, ...fitted(content, width, kind, "card group"));
    const [dataKey] = fitted(name ? `data ${name}` : "data", WIDEST_NAME, "key", "card group");
    const data = this.number("data", dataKey, "card group", this.sizes.folded.width, 50);
    const gradient = this.number("gradient", "grad", "card group", this.sizes.folded.width, 67);
    const element = svg(
      "g",
      { class: `card group ${group.role}`, ...this.itemAttributes(item) },
      svg("rect", { class: "back", x: 5, y: 5, ...this.sizes.folded, rx: 9 }),
      svg("rect", { class: "face", ...this.sizes.folded, rx: 9 }),
      text("title", 19, group.title, room - BUTTON + EDGE),
      text("key", 34, group.detail, room),
      text("key data-key", 50, name ? `data ${name}` : "data", WIDEST_NAME),
      text("key", 67, "grad", room),
      data.element,
      gradient.element,
      this.toggleButton(item, "+"),
    );
    return { element, data, gradient };
  }

  // A number at the right of a card, and the room that it has beside its key.
  number(kind, key, around, width, y) {
    const room = width - 2 * EDGE - GAP - textWidth(key, "key", around);
    const element = svg("text", { class: `number ${kind}`, x: width - EDGE, y });
    return { element, room, around };
  }

  // Write a number, smaller if there is not the room.
  write({ element, room, around }, text) {
    if (element.textContent === text) return;
    element.textContent = text;
    element.style.setProperty("--fit", Math.min(1, room / textWidth(text, "number", around)));
  }

  frame(item) {
    const border = svg("rect", { class: "border", rx: 14 });
    const button = this.toggleButton(item, "−");
    const title = svg("text", { class: "title", x: 14, y: 20 });
    const heading = svg("g", { class: "heading" }, title, button); // stands above the edges
    return { element: svg("g", { class: "frame" }, border), border, heading, button, title };
  }

  // The title of a frame so wide, with its detail if there is room.
  nameFrame(item, frame, width) {
    const { title, detail } = this.folding.group(item);
    const whole = detail ? `${title} · ${detail}` : title;
    const room = width - 2 * EDGE - BUTTON;
    const text = textWidth(whole, "title", "heading") <= room ? whole : title;
    const [shown] = fitted(text, room, "title", "heading");
    frame.title.replaceChildren(shown, svg("title", {}, whole));
  }

  itemAttributes(item) {
    return {
      role: "button",
      tabindex: -1,
      "data-item": item,
      onpointerenter: (event) => event.pointerType === "mouse" && this.handlers.hover(item),
      onpointerleave: () => this.handlers.hover(null),
      onfocus: () => this.handlers.hover(item),
      onblur: () => this.handlers.hover(null),
      onclick: () => this.handlers.select(item),
      ondblclick: () => this.folding.isGroup(item) && this.handlers.toggle(item),
    };
  }

  toggleButton(item, sign) {
    const name = `${sign === "+" ? "Open" : "Fold"} ${this.folding.group(item).title}`;
    return svg(
      "g",
      {
        class: "toggle",
        transform: `translate(${this.sizes.folded.width - 15} 15)`,
        role: "button",
        tabindex: sign === "+" ? -1 : 0,
        "aria-label": name,
        onclick: (event) => {
          event.stopPropagation();
          this.handlers.toggle(item);
        },
        onkeydown: (event) => {
          if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            event.stopPropagation();
            this.handlers.toggle(item);
          }
        },
      },
      svg("title", {}, name),
      svg("circle", { class: "reach", r: 15 }),
      svg("circle", { class: "disc", r: 9 }),
      svg("text", { y: 4.5 }, sign),
    );
  }
}
