// The elements of the picture: cards of nodes and of folded groups, and frames of open ones.

import { svg } from "./dom.js";
import { CARD, FOLDED } from "./layout.js";

const RIGHT = 10; // of the texts, from the border

export class Cards {
  // `handlers`: hover(item or null), select(item), toggle(item).
  constructor(graph, folding, arithmetic, handlers) {
    Object.assign(this, { graph, folding, arithmetic, handlers });
  }

  card(item) {
    return this.folding.isGroup(item) ? this.groupCard(item) : this.nodeCard(item);
  }

  nodeCard(node) {
    const { nodes, roles } = this.graph;
    const role = roles[nodes.role[node]];
    const symbol = this.arithmetic.operation(node)?.symbol ?? "";
    const data = svg("text", { class: "number data", x: CARD.width - RIGHT, y: 37 });
    const gradient = svg("text", { class: "number gradient", x: CARD.width - RIGHT, y: 54 });
    const element = svg(
      "g",
      { class: `card ${role}`, ...this.itemAttributes(node) },
      svg("rect", { class: "face", ...CARD, rx: 9 }),
      svg(
        "text",
        { class: "title", x: 10, y: 19 },
        clipped(nodes.name[node], Math.max(5, 13 - symbol.length)),
      ),
      svg(
        "text",
        { class: symbol.length > 3 ? "symbol word" : "symbol", x: CARD.width - RIGHT, y: 19 },
        clipped(symbol, 8),
      ),
      svg("text", { class: "key data-key", x: 10, y: 37 }, "data"),
      svg("text", { class: "key", x: 10, y: 54 }, "grad"),
      data,
      gradient,
    );
    return { element, data, gradient };
  }

  groupCard(item) {
    const group = this.folding.group(item);
    const data = svg("text", { class: "number data", x: FOLDED.width - RIGHT, y: 50 });
    const gradient = svg("text", { class: "number gradient", x: FOLDED.width - RIGHT, y: 67 });
    const element = svg(
      "g",
      { class: `card group ${group.role}`, ...this.itemAttributes(item) },
      svg("rect", { class: "back", x: 5, y: -5, ...FOLDED, rx: 9 }),
      svg("rect", { class: "face", ...FOLDED, rx: 9 }),
      svg("text", { class: "title", x: 10, y: 19 }, clipped(group.title, 14)),
      svg("text", { class: "key", x: 10, y: 34 }, clipped(group.detail, 23)),
      svg("text", { class: "key data-key", x: 10, y: 50 }, "data"),
      svg("text", { class: "key", x: 10, y: 67 }, "grad"),
      data,
      gradient,
      this.toggleButton(item, "+"),
    );
    return { element, data, gradient };
  }

  frame(item) {
    const group = this.folding.group(item);
    const border = svg("rect", { class: "border", rx: 14 });
    const button = this.toggleButton(item, "−");
    const title = svg("text", { class: "title", x: 14, y: 20 });
    const element = svg("g", { class: "frame" }, border, title, button);
    return { element, border, button, title, text: `${group.title} · ${group.detail}` };
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
        transform: `translate(${FOLDED.width - 15} 15)`,
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

// A text of so many letters at most.
export function clipped(text, length) {
  const letters = [...text];
  return letters.length > length ? `${letters.slice(0, length - 1).join("")}…` : text;
}
