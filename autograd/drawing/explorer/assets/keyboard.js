// What keys do: walk through the steps, and move about in the graph.

import { byId } from "./dom.js";

export class Keyboard {
  constructor(app) {
    this.app = app;
    this.entry = undefined;
    document.addEventListener("keydown", (event) => this.onKey(event));
    document.addEventListener("focusin", (event) => {
      const card = event.target.closest(".card");
      if (card) this.setEntry(Number(card.dataset.item));
    });
    this.update();
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
    const within = (selector) => event.target.closest?.(selector);
    const writing = within("input, select") && event.key !== "Escape";
    const pressing = within("button, .toggle") && [" ", "Enter"].includes(event.key);
    const action = !writing && !pressing && this.action(event.key, within(".card"));
    if (!action) return;
    event.preventDefault();
    action();
  }

  action(key, card) {
    const { app } = this;
    const { stepping, timeline, view } = app;
    const move = (dx, dy) => () => this.moveFocus(Number(card.dataset.item), dx, dy);
    const inGraph = {
      ArrowRight: move(1, 0),
      ArrowLeft: move(-1, 0),
      ArrowUp: move(0, -1),
      ArrowDown: move(0, 1),
      Enter: () => this.enter(Number(card.dataset.item)),
    };
    const forward = () => stepping.jump(timeline.position + 1);
    const back = () => stepping.jump(timeline.position - 1);
    const everywhere = {
      ArrowRight: forward,
      ArrowLeft: back,
      ".": forward,
      ",": back,
      Home: () => stepping.jump(0),
      End: () => stepping.jump(timeline.steps.length),
      " ": () => stepping.toggle(),
      "+": () => view.camera.zoom(1.25),
      "-": () => view.camera.zoom(0.8),
      0: () => view.fit(),
      t: () => app.switchTheme(),
      r: () => app.turn(),
      "?": () => byId("keys").showModal(),
      Escape: () => app.letGo(),
    };
    return (card && inGraph[key]) ?? everywhere[key] ?? everywhere[key.toLowerCase()];
  }

  // Open a box; keep a node, and go to the field with its number if it has one.
  enter(item) {
    if (this.app.folding.isGroup(item)) {
      this.app.folds.toggle(item);
      return;
    }
    this.app.keep(item);
    byId("value")?.focus();
    byId("value")?.select();
  }

  // The Tab key reaches one card, which has to be one of those that are there.
  update() {
    if (!this.app.view.cards.has(this.entry)) this.setEntry(this.app.folding.order[0]);
  }

  setEntry(item) {
    const { cards } = this.app.view;
    cards.get(this.entry)?.element.setAttribute("tabindex", "-1");
    this.entry = item;
    cards.get(item)?.element.setAttribute("tabindex", "0");
  }

  focus(item) {
    if (item === undefined) return;
    this.app.view.reveal(item);
    this.app.view.cards.get(item).element.focus({ preventScroll: true });
  }

  // Move to the nearest card in a direction.
  moveFocus(item, dx, dy) {
    const { cards, places } = this.app.view;
    const from = places.get(item);
    let best;
    let least = Infinity;
    for (const other of cards.keys()) {
      const [x, y] = [places.get(other).x - from.x, places.get(other).y - from.y];
      const ahead = x * dx + y * dy;
      const distance = ahead + 2 * Math.abs(x * dy + y * dx);
      if (ahead > 1 && distance < least) [best, least] = [other, distance];
    }
    this.focus(best);
  }
}
