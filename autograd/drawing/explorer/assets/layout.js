// Where everything is. Each container, the page or a group, was laid out by itself with all of its
// groups folded. A group that is opened grows, and pushes what is beside it aside: nothing else
// moves, so that the picture stays the one that was known.

import { routeName } from "./folding.js";

const PADDING = 18;
const ARROW = 6;
const GAP_DOWN = 60; // between two ranks that go down
const TITLE = { across: 26, down: 44 }; // going down, numbers on edges stand below it

export class Layout {
  // `direction` is "across" (left to right) or "down".
  constructor(graph, folding, direction) {
    this.folding = folding;
    this.direction = direction;
    this.sizes = sizesOf(graph);
    this.turning = turning(graph.sizes);
    const places = [...graph.nodes.place, ...graph.groups.map((group) => group.place)];
    this.home = places.map(([x, y]) => this.at(x, y));
    this.routesIn = Map.groupBy(graph.routes, ([from, to]) => folding.container[from ?? to]);
    this.bends = new Map();
    this.places = new Map();
    this.frames = new Map();
    const page = this.arranged(-1);
    this.width = page.width;
    this.height = page.height;
    this.settle(page, 0, 0);
  }

  size(item) {
    const { card, folded } = this.sizes;
    if (!this.folding.isGroup(item)) return card;
    if (!this.folding.isOpen(item)) return folded;
    const inner = this.arranged(item - this.folding.size);
    return {
      width: Math.max(inner.width + 2 * PADDING, folded.width),
      height: inner.height + 2 * PADDING + TITLE[this.direction],
      inner,
    };
  }

  // The children of a container with their sizes, moved apart to fit; ranks are lines of equal x
  // (going across) or y (going down).
  arranged(container) {
    const [along, length, beside, breadth] =
      this.direction === "across" ? ["x", "width", "y", "height"] : ["y", "height", "x", "width"];
    const children = this.folding.children.get(container).map((item) => {
      const folded = this.folding.isGroup(item) ? this.sizes.folded : this.sizes.card;
      const size = this.size(item);
      return { item, size, folded, ...this.home[item] };
    });
    const bends = this.bendsIn(container);
    const ranks = Map.groupBy([...children, ...bends], (child) => child[along]);
    let pushed = 0;
    for (const rank of [...ranks.keys()].sort((a, b) => a - b)) {
      const row = ranks.get(rank).sort((a, b) => a[beside] - b[beside]);
      const growth = Math.max(...row.map((child) => child.size[length] - child.folded[length]));
      const total = row.reduce(
        (sum, child) => sum + child.size[breadth] - child.folded[breadth],
        0,
      );
      const through = Math.max(...row.map((child) => child.size[length]));
      let aside = -total / 2;
      for (const child of row) {
        const own = child.size[breadth] - child.folded[breadth];
        child.through = through;
        child[along] += pushed + growth / 2;
        child[beside] += aside + own / 2;
        aside += own;
      }
      pushed += growth;
    }
    return { children, bends, ...bounded([...children, ...bends]) };
  }

  // Where long edges in a container pass between boxes: points of no size, pushed aside as boxes.
  bendsIn(container) {
    const none = { width: 0, height: 0 };
    return (this.routesIn.get(container) ?? []).flatMap(([from, to, points]) =>
      points.map(([x, y]) => ({
        route: routeName(from, to),
        size: none,
        folded: none,
        ...this.at(x, y),
      })),
    );
  }

  at(x, y) {
    if (this.direction === "across") return { x, y };
    return { x: Math.round(y * this.turning.beside), y: Math.round(x * this.turning.along) };
  }

  // Turn positions within containers into positions on the page.
  settle(arranged, left, top) {
    for (const { route, x, y, through } of arranged.bends) {
      if (!this.bends.has(route)) this.bends.set(route, []);
      const place = { x: left + x - arranged.left, y: top + y - arranged.top };
      this.bends.get(route).push({ ...place, through });
    }
    for (const child of arranged.children) {
      const x = left + child.x - arranged.left;
      const y = top + child.y - arranged.top;
      const { width, height, inner } = child.size;
      const place = { x, y, width, height };
      if (inner) {
        this.frames.set(child.item, place);
        const title = TITLE[this.direction];
        const shift = {
          x: (width - inner.width) / 2,
          y: (height - title - inner.height) / 2 + title,
        };
        this.settle(inner, x - width / 2 + shift.x, y - height / 2 + shift.y);
      } else {
        this.places.set(child.item, place);
      }
    }
  }
}

// Going down instead of across, boxes stand farther apart beside each other, since they are wider
// than high, and nearer along the edges.
function turning({ card: [width, height], beside, along }) {
  return {
    beside: (width + beside) / (height + beside),
    along: (height + GAP_DOWN) / (width + along),
  };
}

// Of a card and of a folded group.
export function sizesOf({ sizes }) {
  const [card, folded] = [sizes.card, sizes.folded].map(([width, height]) => ({ width, height }));
  return { card, folded };
}

// What holds boxes, and the points where edges pass between them.
function bounded(things) {
  const edge = (sign, axis, length) =>
    things.map((thing) => thing[axis] + (sign * thing.size[length]) / 2);
  const left = Math.min(...edge(-1, "x", "width"));
  const top = Math.min(...edge(-1, "y", "height"));
  const width = Math.max(...edge(1, "x", "width")) - left;
  const height = Math.max(...edge(1, "y", "height")) - top;
  return { left, top, width, height };
}

// The curve of an edge: from the far side of one box to the near side of another, where the input
// `slot` of `count` arrives; in between past `bends`, straight on as far as the boxes beside them
// are. A list of points of a Bézier spline.
export function curve(from, to, direction, slot, count, bends) {
  const share = (slot + 1) / (count + 1) - 0.5;
  const across = direction === "across";
  const start = across
    ? { x: from.x + from.width / 2, y: from.y }
    : { x: from.x, y: from.y + from.height / 2 };
  const end = across
    ? { x: to.x - to.width / 2 - ARROW, y: to.y + share * to.height }
    : { x: to.x + share * to.width, y: to.y - to.height / 2 - ARROW };
  const passed = bends.flatMap(({ x, y, through }) =>
    [-through / 2, through / 2].map((part) => (across ? { x: x + part, y } : { x, y: y + part })),
  );
  const stops = [start, ...passed, end];
  const points = [start];
  for (let i = 1; i < stops.length; i += 1) {
    const [a, b] = [stops[i - 1], stops[i]];
    const reach = Math.max(18, 0.45 * Math.abs(across ? b.x - a.x : b.y - a.y));
    const [dx, dy] = across ? [reach, 0] : [0, reach];
    points.push({ x: a.x + dx, y: a.y + dy }, { x: b.x - dx, y: b.y - dy }, b);
  }
  return points;
}

// The point of the last piece of a spline at the share t of its way.
export function pointOnLast(points, t) {
  const s = 1 - t;
  const weights = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  const along = (axis) =>
    points.slice(-4).reduce((sum, point, i) => sum + weights[i] * point[axis], 0);
  return { x: along("x"), y: along("y") };
}
