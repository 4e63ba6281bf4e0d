// What the colours and the numbers on edges mean, of those that the graph has.

import { byId, html } from "./dom.js";

export function showLegend({ roles, nodes, groups, colors }, folding) {
  for (const role of roles)
    document.documentElement.style.setProperty(`--own-${role}`, colors[role]);
  const used = roles.filter((_, index) => nodes.role.includes(index));
  const number = html("span", { class: "local" }, "2.0");
  const folded = groups.some((_, group) => folding.computes(folding.size + group));
  byId("legend").replaceChildren(
    ...used.map((role) => html("li", { class: role }, role)),
    html("li", {}, number, "local derivative"),
    ...(folded ? [html("li", { class: "edge-strength" }, "through a box: positive, negative")] : []),
  );
}
