// The graph as SVG: cards, frames of open groups and curves; zoom and pan.

import { byId, motionReduced, setAttribute, setText, svg } from "./dom.js";
import { FAILED, FINE } from "./engine.js";
import { curve, Layout, pointOn } from "./layout.js";
import { format } from "./numbers.js";

const MOVING = 350; // milliseconds
const MOST_MOVING = 300; // boxes; a larger picture jumps
const MOST_LABELLED = 4; // edges into one box; more have their labels while one looks at them
const MARGIN = 24;

export class View {
  // `handlers`: hover(item or null), select(item), toggle(item).
  constructor(graph, engine, folding, arithmetic, handlers) {
    Object.assign(this, { graph, engine, folding, arithmetic, handlers });
    this.picture = byId("picture");
    this.layers = Object.fromEntries(
      ["frames", "edges", "labels", "cards"].map((name) => [name, byId(name)]),
    );
    this.cards = new Map();
    this.frames = new Map();
    this.edges = new Map();
    this.places = new Map();
    this.camera = { x: 0, y: 0, scale: 1 };
    this.direction = this.fittingDirection();
    this.listen();
  }

  // --- what is there --------------------------------------------------------------------------

  fittingDirection() {
    const { width, height } = this.picture.getBoundingClientRect();
    const ratio = (direction) => {
      const layout = new Layout(this.graph, this.folding, direction);
      return Math.min(width / layout.width, height / layout.height);
    };
    return ratio("down") > 1.25 * ratio("across") ? "down" : "across";
  }

  // Draw the visible boxes anew, those that stay moving to their places.
  arrange(animated = true) {
    const layout = new Layout(this.graph, this.folding, this.direction);
    this.layout = layout;
    const before = new Map(this.places);
    this.keep(this.cards, layout.places.keys(), (item) => this.newCard(item), "cards");
    this.keep(this.frames, layout.frames.keys(), (item) => this.newFrame(item), "frames");
    const keys = new Map(this.folding.edges.map((edge) => [edge.key, edge]));
    this.countArrivals();
    this.keep(this.edges, keys.keys(), (key) => this.newEdge(keys.get(key)), "edges");
    for (const [key, edge] of keys) this.edges.get(key).edge = edge;
    const targets = new Map([...layout.places, ...layout.frames]);
    cancelAnimationFrame(this.moving);
    if (!animated || motionReduced() || targets.size > MOST_MOVING) {
      this.put(targets);
      return;
    }
    const from = new Map([...targets].map(([item, place]) => [item, this.origin(before, item, place)]));
    const start = performance.now();
    const frame = (now) => {
      const t = Math.min(1, Math.max(0, (now - start) / MOVING));
      const eased = 1 - (1 - t) ** 3;
      this.put(new Map([...targets].map(([item, to]) => [item, between(from.get(item), to, eased)])));
      if (t < 1) this.moving = requestAnimationFrame(frame);
    };
    frame(start);
  }

  // Edges arrive at a box side by side, in the order of its inputs.
  countArrivals() {
    const arrivals = Map.groupBy(this.folding.edges, (edge) => edge.to);
    for (const edges of arrivals.values()) {
      edges.forEach((edge, slot) => Object.assign(edge, { slot, count: edges.length }));
    }
  }

  // Where a box comes from: its own place, or that of the group it was folded in.
  origin(before, item, place) {
    const around = this.folding.chain(item).map((group) => this.folding.size + group);
    const known = [item, ...around].find((box) => before.has(box));
    return known === undefined ? place : before.get(known);
  }

  keep(drawn, wanted, make, layer) {
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
      this.layers[layer].append(drawn.get(name).element); // also brings them into order
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
      setAttribute(frame.element, "transform", `translate(${x - width / 2} ${y - height / 2})`);
      setAttribute(frame.border, "width", width);
      setAttribute(frame.border, "height", height);
      setAttribute(frame.button, "transform", `translate(${width - 16} 15)`);
      setText(frame.title, clipped(frame.text, Math.floor((width - 50) / 7.4)));
    }
    for (const entry of this.edges.values()) this.putEdge(entry, places);
  }

  putEdge(entry, places) {
    const { from, to, slot, count } = entry.edge;
    const points = curve(places.get(from), places.get(to), this.direction, slot, count);
    setAttribute(entry.path, "d", pathText(points));
    setAttribute(entry.touch, "d", pathText(points));
    entry.middle = pointOn(points, 0.66);
    if (entry.label) this.putLabel(entry);
  }

  putLabel({ label, middle }) {
    setAttribute(label, "x", middle.x);
    setAttribute(label, "y", middle.y - 8);
  }

  // --- new elements ---------------------------------------------------------------------------

  newCard(item) {
    return this.folding.isGroup(item) ? this.newGroupCard(item) : this.newNodeCard(item);
  }

  newNodeCard(node) {
    const { nodes, roles } = this.graph;
    const role = roles[nodes.role[node]];
    const operation = this.arithmetic.operation(node);
    const data = svg("text", { class: "number data", x: 104, y: 37 });
    const gradient = svg("text", { class: "number gradient", x: 104, y: 54 });
    const element = svg(
      "g",
      { class: `card ${role}`, ...this.itemAttributes(node) },
      svg("rect", { class: "face", width: 114, height: 62, rx: 9 }),
      svg("text", { class: "title", x: 10, y: 19 }, clipped(nodes.name[node], operation ? 8 : 13)),
      svg("text", { class: "symbol", x: 104, y: 19 }, operation ? clipped(operation.symbol, 8) : ""),
      svg("text", { class: "key", x: 10, y: 37 }, "data"),
      svg("text", { class: "key", x: 10, y: 54 }, "grad"),
      data,
      gradient,
    );
    return { element, data, gradient };
  }

  newGroupCard(item) {
    const group = this.folding.group(item);
    const data = svg("text", { class: "number data", x: 128, y: 50 });
    const gradient = svg("text", { class: "number gradient", x: 128, y: 67 });
    const element = svg(
      "g",
      { class: `card group ${group.role}`, ...this.itemAttributes(item) },
      svg("rect", { class: "back", x: 5, y: -5, width: 138, height: 76, rx: 9 }),
      svg("rect", { class: "face", width: 138, height: 76, rx: 9 }),
      svg("text", { class: "title", x: 10, y: 19 }, clipped(group.title, 13)),
      svg("text", { class: "key", x: 10, y: 34 }, clipped(group.detail, 24)),
      svg("text", { class: "key", x: 10, y: 50 }, "data"),
      svg("text", { class: "key", x: 10, y: 67 }, "grad"),
      data,
      gradient,
      this.toggleButton(item, "+"),
    );
    return { element, data, gradient };
  }

  newFrame(item) {
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
        transform: "translate(122 15)",
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

  newEdge(edge) {
    const path = svg("path", { class: "line", "marker-end": "url(#arrow)" });
    const touch = svg("path", { class: "touch" });
    const element = svg("g", { class: "edge" }, path, touch);
    return { element, path, touch, edge, label: null };
  }

  // --- numbers --------------------------------------------------------------------------------

  // Show the numbers that are known at a moment: see Timeline.stateAt.
  showNumbers({ known, reached }) {
    for (const [item, card] of this.cards) {
      const outputs = this.folding.outputsOf(item, this.engine.users);
      const node = outputs.at(-1);
      const several = outputs.length > 1;
      const leaves = this.folding.isGroup(item) && !this.folding.computes(item);
      const { data, status, gradient } = this.engine;
      const failed = outputs.find((output) => status[output] === FAILED);
      let dataText = several || leaves ? `${(leaves ? this.folding.nodesOf(item) : outputs).length} numbers` : format(data[node]);
      if (failed !== undefined && known(failed)) dataText = "does not exist";
      else if (node !== undefined && (!known(node) || status[node] !== FINE)) dataText = "–";
      let gradientText = "–";
      if (several || leaves) gradientText = this.norm(leaves ? this.folding.nodesOf(item) : outputs, reached);
      else if (reached[node]) gradientText = format(gradient[node]);
      setText(card.data, dataText);
      setText(card.gradient, gradientText);
      card.element.classList.toggle("failed", failed !== undefined && known(failed));
      setAttribute(card.element, "aria-label", this.spoken(item, dataText, gradientText));
    }
    for (const entry of this.edges.values()) {
      this.labelEdge(entry, entry.edge.count <= MOST_LABELLED || entry.label !== null, known);
    }
  }

  // The length of the gradient of several nodes.
  norm(nodes, reached) {
    if (!nodes.some((node) => reached[node])) return "–";
    return `norm ${format(Math.hypot(...nodes.map((node) => this.engine.gradient[node])))}`;
  }

  spoken(item, data, gradient) {
    const { nodes, roles } = this.graph;
    if (this.folding.isGroup(item)) {
      const { title, detail } = this.folding.group(item);
      return `${title}, ${detail}, data ${data}, gradient ${gradient}. Enter opens it`;
    }
    const operation = this.arithmetic.operation(item);
    const what = operation ? `${operation.name} of ${this.engine.parents[item].map((p) => nodes.name[p]).join(", ")}` : roles[nodes.role[item]];
    return `${nodes.name[item]}, ${what}, data ${data}, gradient ${gradient}`;
  }

  // The local derivative on an edge, if it is one number.
  labelEdge(entry, wanted, known = this.known) {
    this.known = known;
    if (!entry || !wanted) return;
    if (!entry.label) {
      entry.label = svg("text", { class: "local" });
      this.layers.labels.append(entry.label);
      this.putLabel(entry);
    }
    const derivative = this.localDerivative(entry.edge);
    setText(entry.label, derivative === null || Number.isNaN(derivative) ? "" : format(derivative));
  }

  localDerivative({ from, to, uses }) {
    const [{ parent, node, slot }] = uses;
    if (!this.known(node)) return null;
    if (!this.folding.isGroup(to)) {
      return uses.length === 1 && this.engine.status[node] === FINE ? this.engine.locals(node)[slot] : null;
    }
    const outputs = this.folding.outputsOf(to, this.engine.users);
    const sources = new Set(uses.map((use) => use.parent));
    if (outputs.length !== 1 || sources.size !== 1 || this.engine.status[outputs[0]] !== FINE) return null;
    return this.engine.derivativesThrough(this.folding.nodesOf(to), outputs[0]).get(parent) ?? null;
  }

  // --- what is looked at ----------------------------------------------------------------------

  // Mark the step: its box, and the edges that carry numbers, with the direction they go.
  markStep(step) {
    for (const [item, { element }] of this.cards) {
      element.classList.toggle("active", item === step?.box && step.kind !== "done");
    }
    for (const { element, edge } of this.edges.values()) {
      const active = edge.to === step?.box && step.kind !== "seed";
      element.classList.toggle("forward", active && step.kind === "forward");
      element.classList.toggle("backward", active && step.kind === "backward");
    }
  }

  // Dim all but the paths from an item to the output.
  highlight(item) {
    const path = new Set();
    if (item !== null) {
      const toOutput = this.engine.ancestors(this.engine.output);
      for (const node of this.folding.outputsOf(item, this.engine.users)) {
        for (const next of this.engine.descendants(node)) {
          if (toOutput.has(next)) path.add(this.folding.box[next]);
        }
      }
      path.add(item);
    }
    this.picture.classList.toggle("looking", path.size > 0);
    for (const [box, { element }] of this.cards) {
      element.classList.toggle("on-path", path.has(box));
      element.classList.toggle("looked-at", box === item);
    }
    for (const entry of this.edges.values()) {
      const { from, to } = entry.edge;
      const on = path.has(from) && path.has(to);
      entry.element.classList.toggle("on-path", on);
      const near = item !== null && (from === item || to === item);
      this.labelEdge(entry, near || entry.edge.count <= MOST_LABELLED);
      entry.label?.classList.toggle("on-path", near || on);
      entry.label?.classList.toggle("extra", entry.edge.count > MOST_LABELLED && !near);
    }
  }

  // --- zoom and pan ---------------------------------------------------------------------------

  fit() {
    const { width, height } = this.picture.getBoundingClientRect();
    const space = { width: width - 2 * MARGIN, height: height - 2 * MARGIN };
    const scale = Math.min(space.width / this.layout.width, space.height / this.layout.height, 1.5);
    this.look({
      scale,
      x: (width - this.layout.width * scale) / 2,
      y: (height - this.layout.height * scale) / 2,
    });
  }

  zoom(factor, at) {
    const { width, height } = this.picture.getBoundingClientRect();
    const center = at ?? { x: width / 2, y: height / 2 };
    const scale = Math.min(4, Math.max(0.02, this.camera.scale * factor));
    const grown = scale / this.camera.scale;
    this.look({
      scale,
      x: center.x - (center.x - this.camera.x) * grown,
      y: center.y - (center.y - this.camera.y) * grown,
    });
  }

  pan(dx, dy) {
    this.look({ ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy });
  }

  look(camera) {
    this.camera = camera;
    byId("camera").setAttribute("transform", `translate(${camera.x} ${camera.y}) scale(${camera.scale})`);
    this.picture.classList.toggle("far", camera.scale < 0.3);
  }

  // Bring an item into sight, if it is not.
  reveal(item) {
    const place = this.layout.places.get(item);
    if (!place) return;
    const { width, height } = this.picture.getBoundingClientRect();
    const { x, y, scale } = this.camera;
    const aside = (center, half, size) =>
      Math.max(0, MARGIN - (center - half)) + Math.min(0, size - MARGIN - (center + half));
    this.pan(
      aside(x + place.x * scale, (place.width * scale) / 2, width),
      aside(y + place.y * scale, (place.height * scale) / 2, height),
    );
  }

  listen() {
    const pointers = new Map();
    const spot = (event) => {
      const box = this.picture.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    const distance = () => {
      const [a, b] = [...pointers.values()];
      return Math.hypot(a.x - b.x, a.y - b.y);
    };
    this.picture.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoom(Math.exp(-event.deltaY * 0.0015), spot(event));
      },
      { passive: false },
    );
    this.picture.addEventListener("pointerdown", (event) => pointers.set(event.pointerId, spot(event)));
    this.picture.addEventListener("pointermove", (event) => {
      if (!pointers.has(event.pointerId)) return;
      const [last, now] = [pointers.get(event.pointerId), spot(event)];
      if (pointers.size === 1) this.pan(now.x - last.x, now.y - last.y);
      const apart = pointers.size === 2 ? distance() : 0;
      pointers.set(event.pointerId, now);
      if (apart > 0) this.zoom(distance() / apart, now);
    });
    for (const type of ["pointerup", "pointercancel", "pointerleave"]) {
      this.picture.addEventListener(type, (event) => pointers.delete(event.pointerId));
    }
  }
}

function between(from, to, t) {
  const mix = (name) => from[name] + (to[name] - from[name]) * t;
  return { x: mix("x"), y: mix("y"), width: mix("width"), height: mix("height") };
}

function pathText(points) {
  const [x1, y1, ...rest] = points.map((number) => Math.round(number * 10) / 10);
  return `M${x1} ${y1}C${rest.join(" ")}`;
}

function clipped(text, length) {
  const letters = [...text];
  return letters.length > length ? `${letters.slice(0, length - 1).join("")}…` : text;
}
