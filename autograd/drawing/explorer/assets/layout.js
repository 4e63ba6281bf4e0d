// Where everything is. Each container, the page or a group, was laid out by itself with all of its
// groups folded. A group that is opened grows, and pushes what is beside it aside: nothing else
// moves, so that the picture stays the one that was known.

export const CARD = { width: 138, height: 62 };
export const FOLDED = { width: 152, height: 76 };
const PADDING = 18;
const ARROW = 6;
const TITLE = { across: 26, down: 44 }; // going down, numbers on edges stand below it

export class Layout {
  // `direction` is "across" (left to right) or "down".
  constructor(graph, folding, direction) {
    this.folding = folding;
    this.direction = direction;
    const places = [...graph.nodes.place, ...graph.groups.map((group) => group.place)];
    this.home = places.map(([x, y]) => this.at(x, y));
    this.routes = new Map(graph.routes.map(([from, to, points]) => [`${from}-${to}`, points]));
    this.bends = new Map();
    this.places = new Map();
    this.frames = new Map();
    const page = this.arranged(-1);
    this.width = page.width;
    this.height = page.height;
    this.settle(page, 0, 0);
  }

  size(item) {
    if (!this.folding.isGroup(item)) return CARD;
    const group = item - this.folding.size;
    if (!this.folding.open.has(group)) return FOLDED;
    const inner = this.arranged(group);
    return {
      width: Math.max(inner.width + 2 * PADDING, FOLDED.width),
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
      const folded = this.folding.isGroup(item) ? FOLDED : CARD;
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
      let aside = -total / 2;
      for (const child of row) {
        const own = child.size[breadth] - child.folded[breadth];
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
    return (this.folding.routesIn.get(container) ?? []).flatMap((key) =>
      this.routes.get(key).map(([x, y]) => ({ key, size: none, folded: none, ...this.at(x, y) })),
    );
  }

  at(x, y) {
    return this.direction === "across" ? { x, y } : turned(x, y);
  }

  // Turn positions within containers into positions on the page.
  settle(arranged, left, top) {
    for (const { key, x, y } of arranged.bends) {
      if (!this.bends.has(key)) this.bends.set(key, []);
      this.bends.get(key).push({ x: left + x - arranged.left, y: top + y - arranged.top });
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

// Going down instead of across: ranks may be closer, since boxes are not as high as they are wide.
function turned(x, y) {
  return { x: Math.round(y * 1.75), y: Math.round(x * 0.55) };
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
// `slot` of `count` arrives; in between, past `bends`. A list of points of a Bézier spline.
export function curve(from, to, direction, slot, count, bends) {
  const share = (slot + 1) / (count + 1) - 0.5;
  const across = direction === "across";
  const start = across
    ? { x: from.x + from.width / 2, y: from.y }
    : { x: from.x, y: from.y + from.height / 2 };
  const end = across
    ? { x: to.x - to.width / 2 - ARROW, y: to.y + share * to.height }
    : { x: to.x + share * to.width, y: to.y - to.height / 2 - ARROW };
  const stops = [start, ...bends, end];
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
