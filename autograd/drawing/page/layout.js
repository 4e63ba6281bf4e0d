// Where everything is. Each container, the page or a group, was laid out by itself with all of its
// groups folded. A group that is opened grows, and pushes what is beside it aside: nothing else
// moves, so that the picture stays the one that was known.

export const CARD = { width: 114, height: 62 };
export const FOLDED = { width: 138, height: 76 };
const PADDING = 18;
const TITLE = 26;

export class Layout {
  // `direction` is "across" (left to right) or "down".
  constructor(graph, folding, direction) {
    this.folding = folding;
    this.direction = direction;
    const places = [...graph.nodes.place, ...graph.groups.map((group) => group.place)];
    this.home = places.map(([x, y]) => (direction === "across" ? { x, y } : turned(x, y)));
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
      height: inner.height + 2 * PADDING + TITLE,
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
    const ranks = Map.groupBy(children, (child) => child[along]);
    let pushed = 0;
    for (const rank of [...ranks.keys()].sort((a, b) => a - b)) {
      const row = ranks.get(rank).sort((a, b) => a[beside] - b[beside]);
      const growth = Math.max(...row.map((child) => child.size[length] - child.folded[length]));
      const total = row.reduce((sum, child) => sum + child.size[breadth] - child.folded[breadth], 0);
      let aside = -total / 2;
      for (const child of row) {
        const own = child.size[breadth] - child.folded[breadth];
        child[along] += pushed + growth / 2;
        child[beside] += aside + own / 2;
        aside += own;
      }
      pushed += growth;
    }
    return bounded(children);
  }

  // Turn positions within containers into positions on the page.
  settle(arranged, left, top) {
    for (const child of arranged.children) {
      const x = left + child.x - arranged.left;
      const y = top + child.y - arranged.top;
      const { width, height, inner } = child.size;
      const place = { x, y, width, height };
      if (inner) {
        this.frames.set(child.item, place);
        const shift = { x: (width - inner.width) / 2, y: (height - TITLE - inner.height) / 2 + TITLE };
        this.settle(inner, x - width / 2 + shift.x, y - height / 2 + shift.y);
      } else {
        this.places.set(child.item, place);
      }
    }
  }
}

// Going down instead of across: ranks may be closer, since boxes are not as high as they are wide.
function turned(x, y) {
  return { x: Math.round(y * 1.7), y: Math.round(x * 0.64) };
}

function bounded(children) {
  const edge = (sign, axis, length) =>
    children.map((child) => child[axis] + (sign * child.size[length]) / 2);
  const left = Math.min(...edge(-1, "x", "width"));
  const top = Math.min(...edge(-1, "y", "height"));
  const width = Math.max(...edge(1, "x", "width")) - left;
  const height = Math.max(...edge(1, "y", "height")) - top;
  return { children, left, top, width, height };
}

// The curve of an edge: from the far side of one box to the near side of another, where the input
// `slot` of `count` arrives.
export function curve(from, to, direction, slot, count) {
  const share = (slot + 1) / (count + 1) - 0.5;
  if (direction === "across") {
    const [x1, y1] = [from.x + from.width / 2, from.y];
    const [x2, y2] = [to.x - to.width / 2 - 6, to.y + share * to.height];
    const bend = Math.max(24, Math.abs(x2 - x1) * 0.45);
    return [x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2];
  }
  const [x1, y1] = [from.x, from.y + from.height / 2];
  const [x2, y2] = [to.x + share * to.width, to.y - to.height / 2 - 6];
  const bend = Math.max(18, Math.abs(y2 - y1) * 0.45);
  return [x1, y1, x1, y1 + bend, x2, y2 - bend, x2, y2];
}

// The point of a cubic curve at the share t of its way.
export function pointOn([x1, y1, x2, y2, x3, y3, x4, y4], t) {
  const s = 1 - t;
  const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  return { x: a * x1 + b * x2 + c * x3 + d * x4, y: a * y1 + b * y2 + c * y3 + d * y4 };
}
