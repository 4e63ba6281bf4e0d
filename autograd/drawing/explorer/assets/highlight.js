// What stands out of the picture: the step, and the paths from what is looked at to the output.

// Mark the box of a step, and the edges that carry numbers, with the direction they go.
export function markStep({ cards, edges }, step) {
  for (const [item, { element }] of cards) {
    element.classList.toggle("active", item === step?.box && step.kind !== "done");
  }
  for (const { element, edge } of edges.values()) {
    const active = edge.to === step?.box && step.kind !== "seed";
    element.classList.toggle("forward", active && step.kind === "forward");
    element.classList.toggle("backward", active && step.kind === "backward");
  }
}

// Dim all but the paths from an item, if it is one, to the output, and mark what is selected.
export function highlight(view, item, selected) {
  const path = item === null ? new Set() : boxesBetween(view, item);
  view.picture.classList.toggle("looking", path.size > 0);
  for (const [box, { element }] of view.cards) {
    element.classList.toggle("on-path", path.has(box));
    element.classList.toggle("selected", box === selected);
  }
  for (const entry of view.edges.values()) {
    const { from, to, labelled } = entry.edge;
    const on = path.has(from) && path.has(to);
    entry.element.classList.toggle("on-path", on);
    const near = item !== null && (from === item || to === item);
    if (near) view.labelEdge(entry);
    entry.label?.classList.toggle("on-path", near || on);
    entry.label?.classList.toggle("extra", !labelled && !near);
  }
}

function boxesBetween({ engine, folding }, item) {
  const toOutput = engine.ancestors(engine.output);
  const path = new Set([item]);
  for (const node of folding.outputsOf(item)) {
    for (const next of engine.descendants(node)) {
      if (toOutput.has(next)) path.add(folding.box[next]);
    }
  }
  return path;
}
