// The graph as SVG: what is drawn where, with which numbers, and what is highlighted.

import { byId, motionReduced, setAttribute, setText, svg } from "./dom.js";
import { Figures } from "./figures.js";
import { Camera } from "./camera.js";
import { Cards } from "./cards.js";
import { curve, Layout, pointOnLast } from "./layout.js";

const MOVING = 350; // milliseconds
const MOST_MOVING = 300; // boxes; a larger picture jumps
const MOST_LABELLED = { into: 4, from: 4, all: 80 }; // edges; more have labels while looked at
const LABEL_AT = { across: [0.9], down: [0.8, 0.62] }; // on the last piece of its edge, by turns
const DOWN_IS_BETTER = 1.15; // if the graph is so much larger in the window

export class View {
  constructor(graph, engine, folding, arithmetic, handlers) {
    Object.assign(this, { graph, engine, folding });
    this.figures = new Figures(graph, engine, folding, arithmetic);
    this.making = new Cards(graph, folding, arithmetic, handlers);
    this.picture = byId("picture");
    this.layers = Object.fromEntries(
      ["frames", "edges", "headings", "labels", "cards"].map((name) => [name, byId(name)]),
    );
    this.cards = new Map();
    this.frames = new Map();
    this.edges = new Map();
    this.places = new Map();
    this.camera = new Camera(this.picture, () => this.cull());
    this.direction = this.fittingDirection();
  }

  // --- what is there --------------------------------------------------------------------------

  fittingDirection() {
    const { width, height } = this.picture.getBoundingClientRect();
    const ratio = (direction) => {
      const layout = new Layout(this.graph, this.folding, direction);
      return Math.min(width / layout.width, height / layout.height);
    };
    return ratio("down") > DOWN_IS_BETTER * ratio("across") ? "down" : "across";
  }

  // Draw the visible boxes anew, those that stay moving to their places.
  arrange(animated = true) {
    const layout = new Layout(this.graph, this.folding, this.direction);
    this.layout = layout;
    const before = new Map(this.places);
    this.keep(this.cards, layout.places.keys(), (item) => this.making.card(item));
    this.keep(this.frames, layout.frames.keys(), (item) => this.making.frame(item));
    const frames = [...this.frames.values()];
    this.layers.frames.replaceChildren(...frames.map(({ element }) => element));
    this.layers.headings.replaceChildren(...frames.map(({ heading }) => heading));
    const keys = new Map(this.folding.edges.map((edge) => [edge.key, edge]));
    this.countArrivals();
    this.keep(this.edges, keys.keys(), (key) => this.newEdge(keys.get(key)));
    for (const [key, edge] of keys) this.edges.get(key).edge = edge;
    const targets = new Map([...layout.places, ...layout.frames]);
    cancelAnimationFrame(this.moving);
    if (!animated || motionReduced() || targets.size > MOST_MOVING) {
      this.put(targets);
      return;
    }
    const from = new Map(
      [...targets].map(([item, place]) => [item, this.origin(before, item, place)]),
    );
    const start = performance.now();
    const frame = (now) => {
      const t = Math.min(1, Math.max(0, (now - start) / MOVING));
      const eased = 1 - (1 - t) ** 3;
      this.put(
        new Map([...targets].map(([item, to]) => [item, between(from.get(item), to, eased)])),
      );
      if (t < 1) this.moving = requestAnimationFrame(frame);
    };
    frame(start);
  }

  // Of a large picture the browser gets only what is in sight: it would be slow with all of it.
  cull() {
    const sight = this.camera.sight();
    const all = this.places.size <= MOST_MOVING;
    const seen = (place) =>
      all ||
      (place.x + place.width / 2 > sight.left &&
        place.x - place.width / 2 < sight.right &&
        place.y + place.height / 2 > sight.top &&
        place.y - place.height / 2 < sight.bottom);
    const visible = new Map([...this.places].map(([item, place]) => [item, seen(place)]));
    for (const [item, { element }] of this.cards) {
      this.show(element, "cards", visible.get(item));
    }
    for (const { element, edge, label } of this.edges.values()) {
      const shown = visible.get(edge.from) || visible.get(edge.to);
      this.show(element, "edges", shown);
      if (label) this.show(label, "labels", shown);
    }
  }

  show(element, layer, shown) {
    if (shown && !element.isConnected) this.layers[layer].append(element);
    else if (!shown && element.isConnected) element.remove();
  }

  // Edges arrive at a box side by side, in the order of its inputs.
  countArrivals() {
    const arrivals = Map.groupBy(this.folding.edges, (edge) => edge.to);
    const departures = Map.groupBy(this.folding.edges, (edge) => edge.from);
    for (const edges of arrivals.values()) {
      edges.forEach((edge, slot) => {
        const few = edges.length <= MOST_LABELLED.into;
        const labelled = few && departures.get(edge.from).length <= MOST_LABELLED.from;
        Object.assign(edge, { slot, count: edges.length, labelled });
      });
    }
    const labelled = this.folding.edges.filter((edge) => edge.labelled);
    if (labelled.length > MOST_LABELLED.all) for (const edge of labelled) edge.labelled = false;
  }

  // Where a box comes from: its own place, or that of the group it was folded in.
  origin(before, item, place) {
    const around = this.folding.chain(item).map((group) => this.folding.size + group);
    const known = [item, ...around].find((box) => before.has(box));
    return known === undefined ? place : before.get(known);
  }

  keep(drawn, wanted, make) {
    const names = new Set(wanted);
    for (const [name, entry] of drawn) {
      if (!names.has(name)) {
        entry.element.remove();
        entry.label?.remove();
        drawn.delete(name);
      }
    }
    for (const name of names) {
      if (!drawn.has(name)) drawn.set(name, make(name));
    }
  }

  put(places) {
    this.places = places;
    for (const [item, { element }] of this.cards) {
      const { x, y, width, height } = places.get(item);
      setAttribute(element, "transform", `translate(${x - width / 2} ${y - height / 2})`);
    }
    for (const [item, frame] of this.frames) {
      const { x, y, width, height } = places.get(item);
      for (const part of [frame.element, frame.heading])
        setAttribute(part, "transform", `translate(${x - width / 2} ${y - height / 2})`);
      setAttribute(frame.border, "width", width);
      setAttribute(frame.border, "height", height);
      setAttribute(frame.button, "transform", `translate(${width - 16} 15)`);
      this.making.nameFrame(item, frame, width);
    }
    for (const entry of this.edges.values()) this.putEdge(entry, places);
    this.cull();
  }

  putEdge(entry, places) {
    const { from, to, slot, count } = entry.edge;
    const bends = entry.edge.routes.flatMap((route) => this.layout.bends.get(route) ?? []);
    const points = curve(places.get(from), places.get(to), this.direction, slot, count, bends);
    setAttribute(entry.path, "d", pathText(points));
    const at = LABEL_AT[this.direction];
    entry.spot = pointOnLast(points, at[slot % at.length]);
    if (entry.label) this.putLabel(entry);
  }

  // On its edge just before the arrow, where the edges into a box are apart; going down they are less
  // so, and every second label stands higher.
  putLabel({ label, spot }) {
    setAttribute(label, "text-anchor", this.direction === "across" ? "end" : "middle");
    setAttribute(label, "x", spot.x);
    setAttribute(label, "y", spot.y);
  }

  newEdge(edge) {
    const path = svg("path", { class: "line", "marker-end": "url(#arrow)" });
    return { element: svg("g", { class: "edge" }, path), path, edge, label: null };
  }

  // --- where the camera looks -----------------------------------------------------------------

  fit(smooth = false) {
    this.camera.fit(this.layout, smooth);
  }

  // Go along with the steps.
  follow(item) {
    const place = this.layout.places.get(item);
    if (place) this.camera.follow(place);
  }

  approach(item) {
    this.camera.approach(this.layout, this.layout.places.get(item));
  }

  reveal(item) {
    const place = this.layout.places.get(item);
    if (place) this.camera.reveal(place);
  }

  // --- numbers --------------------------------------------------------------------------------

  // Show the numbers that are known at a moment: see Timeline.stateAt.
  showNumbers(state) {
    this.known = state.known;
    for (const [item, card] of this.cards) {
      const { data, gradient, failed, spoken } = this.figures.ofBox(item, state);
      this.making.write(card.data, data);
      this.making.write(card.gradient, gradient);
      card.element.classList.toggle("failed", failed);
      setAttribute(card.element, "aria-label", spoken);
    }
    for (const entry of this.edges.values()) {
      if (entry.edge.labelled || entry.label) this.labelEdge(entry);
      if (this.folding.isGroup(entry.edge.to)) this.showStrength(entry);
    }
  }

  showStrength({ element, path, edge }) {
    const strength = this.figures.strength(edge, this.known);
    path.style.strokeWidth = strength?.width ?? "";
    element.classList.toggle("positive", strength?.sign > 0);
    element.classList.toggle("negative", strength?.sign < 0);
  }

  labelEdge(entry) {
    if (!entry.label) {
      entry.label = svg("text", { class: "local" });
      this.show(entry.label, "labels", entry.element.isConnected);
      this.putLabel(entry);
    }
    setText(entry.label, this.figures.ofEdge(entry.edge, this.known));
  }
}

function between(from, to, t) {
  const mix = (name) => from[name] + (to[name] - from[name]) * t;
  return { x: mix("x"), y: mix("y"), width: mix("width"), height: mix("height") };
}

function pathText([start, ...points]) {
  const pair = ({ x, y }) => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
  return `M${pair(start)}C${points.map(pair).join(" ")}`;
}
