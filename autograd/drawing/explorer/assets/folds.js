// Opening boxes and folding them: one by one, and by the buttons for all of a level.

import { byId, html } from "./dom.js";

export class Folds {
  // `graph.levels`: for each button its `name` and the groups that it leaves `open`, more and more.
  constructor(app) {
    this.app = app;
    this.levels = app.graph.levels;
    this.buttons = this.levels.map(({ name, open }) =>
      html("button", { type: "button", onclick: () => this.setOpen(open) }, name),
    );
    byId("folds").hidden = this.levels.length === 0;
    byId("folds").replaceChildren(...this.buttons);
    this.show();
  }

  toggle(item) {
    const { folding } = this.app;
    const open = new Set(folding.open);
    const group = item - folding.size;
    if (!open.delete(group)) open.add(group);
    const byKey = document.activeElement.matches(":focus-visible");
    this.setOpen(open);
    if (byKey) this.app.keyboard.focus(folding.boxOf(item));
  }

  setOpen(groups) {
    const { app } = this;
    const open = new Set(groups);
    const count = app.folding.countWith(open);
    if (count > app.graph.mostVisible) {
      app.announce(
        `That would show ${count} boxes, more than the ${app.graph.mostVisible} that move smoothly. Fold others first.`,
      );
      return;
    }
    this.put(open);
    app.pointedAt = null;
    app.selected = this.stillSeen(app.selected);
    app.keyboard.update();
    app.showBanner();
    app.showNumbers();
  }

  put(open, animated = true) {
    const { folding, timeline, view } = this.app;
    folding.setOpen(open);
    timeline.update();
    view.arrange(animated);
    view.fit();
    this.show();
  }

  // What is selected when it is folded into a box is the box, and of a box that is opened nothing.
  stillSeen(item) {
    const { folding } = this.app;
    return item === null || folding.isOpen(item) ? null : folding.boxOf(item);
  }

  // At first, as much as can be read, where the screen is too small for what Python has opened.
  foldToFit() {
    const { folding, view } = this.app;
    for (const { open } of this.levels.toReversed()) {
      if (view.camera.readable) return;
      if (open.length >= folding.open.size) continue;
      folding.setOpen(open);
      view.direction = view.fittingDirection();
      this.put(open, false);
    }
  }

  show() {
    const { open } = this.app.folding;
    this.levels.forEach((level, index) => {
      const pressed =
        level.open.length === open.size && level.open.every((group) => open.has(group));
      this.buttons[index].setAttribute("aria-pressed", pressed);
    });
  }
}
