// The panel about one item: what it is, its chain-rule sum in numbers, and its number to edit.

import { byId, html, line, setText } from "./dom.js";
import { FAILED, FINE } from "./engine.js";
import { exact, format, operand } from "./numbers.js";
import { note } from "./stepping.js";

const MOST_TERMS = 8;
const MOST_LISTED = 12;

export class Inspector {
  constructor(app) {
    this.app = app;
    this.panel = byId("inspector");
    this.shown = undefined;
  }

  // Show an item, null for none. Of the same item only the numbers change, so that a field stays
  // where it is while one writes in it.
  show(item) {
    if (item === this.shown && item !== null) {
      this.refreshEditor();
      this.body.replaceChildren(...this.facts(item));
      return;
    }
    this.shown = item;
    this.field = null;
    if (item === null) {
      this.panel.replaceChildren(
        html("h2", {}, "Look closer"),
        note(
          "Point at a node, or move to it with the Tab and arrow keys, to see how its gradient comes about. Select one to keep it here and to edit its number.",
        ),
      );
      return;
    }
    const editor = this.editor(item);
    this.body = html("div", {}, ...this.facts(item));
    this.panel.replaceChildren(this.heading(item), ...editor, this.body);
  }

  heading(item) {
    const { folding, graph, arithmetic } = this.app;
    const path = folding.chain(item).map((group) => graph.groups[group].title);
    const group = folding.isGroup(item);
    const name = group ? folding.group(item).title : graph.nodes.name[item];
    const operation = group ? null : arithmetic.operation(item);
    const kind = group
      ? folding.group(item).detail
      : operation
        ? operation.name
        : graph.roles[graph.nodes.role[item]];
    return html(
      "header",
      {},
      ...(path.length ? [html("p", { class: "path" }, path.toReversed().join(" › "))] : []),
      html("h2", {}, name, " ", html("small", {}, kind)),
    );
  }

  facts(item) {
    if (this.app.folding.isGroup(item)) return this.groupFacts(item);
    const { engine, arithmetic } = this.app;
    const facts = [];
    if (engine.status[item] === FAILED)
      facts.push(note(arithmetic.failure(item), "failure"));
    if (!engine.isLeaf(item)) facts.push(line(arithmetic.forwardLine(item)));
    else if (this.field === null)
      facts.push(line([arithmetic.name(item), " = ", ["data strong", exact(engine.data[item])]]));
    return [...facts, ...this.chainRule(item), ...this.locals(item)];
  }

  // --- the chain rule -------------------------------------------------------------------------

  chainRule(node) {
    const { engine, arithmetic, full } = this.app;
    const title = html("h3", {}, "Gradient by the chain rule");
    const gradient = arithmetic.gradientName(node);
    if (full.failed >= 0)
      return [title, note(arithmetic.backwardFailure(full.failed), "failure")];
    if (!engine.hasGradients()) return [title, note("Not before the output is a finite number.")];
    if (node === engine.output) return [title, line([gradient, " = ", ["gradient strong", "1.0"]])];
    if (!full.reached[node]) return [title, note("No path leads from here to the output.")];
    return [
      title,
      ...this.sumLines(node, gradient, arithmetic.chainRule(node)),
      this.meaning(node),
    ];
  }

  // Symbols, numbers and the sum; the largest terms, and what the others add up to.
  sumLines(node, gradient, terms) {
    const { arithmetic, full } = this.app;
    const shown = terms.slice(0, MOST_TERMS);
    const rest = terms.slice(MOST_TERMS);
    const plus = (list) => list.flatMap((parts, index) => (index ? [" + ", ...parts] : parts));
    const symbols = shown.map((use) => [
      arithmetic.gradientName(use.node),
      " · ",
      arithmetic.localName(use.node, node),
    ]);
    const numbers = shown.map((use) => arithmetic.productInNumbers(use.gradient, use.local));
    if (rest.length) {
      symbols.push([["dim", `… ${rest.length} more`]]);
      numbers.push([["dim", format(rest.reduce((sum, use) => sum + use.term, 0))]]);
    }
    const lines = [line([gradient, " = ", ...plus(symbols)]), line([" = ", ...plus(numbers)])];
    if (terms.length > 1) {
      const products = shown.map((use) => [["gradient", operand(use.term)]]);
      if (rest.length) products.push(numbers.at(-1));
      lines.push(line([" = ", ...plus(products)]));
    }
    lines.push(line([" = ", ["gradient strong", format(full.gradient[node])]]));
    return [html("div", { class: "sum" }, ...lines)];
  }

  meaning(node) {
    const { arithmetic, full } = this.app;
    const by = format(0.01 * full.gradient[node]);
    return note(
      `If ${arithmetic.name(node)[1]} grows by 0.01, ${arithmetic.output} changes by about ${by}.`,
    );
  }

  locals(node) {
    const { engine, arithmetic } = this.app;
    const parents = engine.parents[node];
    if (parents.length === 0 || engine.status[node] !== FINE) return [];
    const values = engine.locals(node);
    const lines = parents
      .slice(0, MOST_LISTED)
      .map((parent, slot) =>
        line([arithmetic.localName(node, parent), " = ", ["local strong", format(values[slot])]]),
      );
    const more = parents.length - lines.length;
    return [
      html("h3", {}, "Local derivatives"),
      ...lines,
      ...(more > 0 ? [note(`and ${more} more`)] : []),
    ];
  }

  groupFacts(item) {
    const { folding, engine, arithmetic, full, graph } = this.app;
    const rows = (title, nodes) => {
      if (nodes.length === 0) return [];
      const cells = nodes
        .slice(0, MOST_LISTED)
        .map((node) =>
          html(
            "tr",
            {},
            html("th", { scope: "row" }, arithmetic.name(node)[1]),
            html(
              "td",
              { class: "data" },
              engine.status[node] === FINE ? format(engine.data[node]) : "–",
            ),
            html(
              "td",
              { class: "gradient" },
              full.reached[node] ? format(full.gradient[node]) : "–",
            ),
          ),
        );
      const more = nodes.length - cells.length;
      const head = html(
        "tr",
        {},
        ...[title, "data", "gradient"].map((text) => html("th", { scope: "col" }, text)),
      );
      const table = html("table", {}, html("thead", {}, head), html("tbody", {}, ...cells));
      return more > 0 ? [table, note(`and ${more} more`)] : [table];
    };
    const inside = folding.nodesOf(item);
    const leaves = inside.filter(
      (node) => engine.isLeaf(node) && graph.roles[graph.nodes.role[node]] !== "constant",
    );
    const open = html("button", { type: "button", onclick: () => this.app.toggle(item) }, "Open");
    return [
      ...rows("output", folding.computes(item) ? folding.outputsOf(item, engine.users) : []),
      ...rows(folding.computes(item) ? "parameter" : "input", leaves),
      open,
    ];
  }

  // --- editing --------------------------------------------------------------------------------

  editor(item) {
    const { folding, engine, graph } = this.app;
    if (folding.isGroup(item) || !engine.isLeaf(item)) return [];
    const role = graph.roles[graph.nodes.role[item]];
    if (role === "constant") return [];
    if (graph.locked) return [note(graph.locked, "locked")];
    this.field = html("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      id: "value",
      "aria-describedby": "complaint",
      oninput: () => this.apply(item, this.field.value),
    });
    this.slider = html("input", {
      type: "range",
      "aria-label": `Slide the value of ${graph.nodes.name[item]}`,
      oninput: () => {
        this.apply(item, this.slider.value);
        this.field.value = this.slider.value;
      },
      onchange: () => this.fillSlider(item),
    });
    this.complaint = html("p", { id: "complaint", class: "note failure", role: "alert" });
    this.fillSlider(item);
    this.field.value = exact(engine.data[item]);
    const undo = html("button", { type: "button", onclick: () => this.app.undo() }, "Undo edits");
    return [
      html("div", { class: "editor" }, html("label", { for: "value" }, "Value"), this.field, undo),
      this.slider,
      this.complaint,
    ];
  }

  fillSlider(item) {
    const middle = this.app.engine.data[item];
    const reach = Math.max(1, 2 * Math.abs(Number.isFinite(middle) ? middle : 0));
    const whole = this.app.isIndex(item);
    this.slider.min = whole ? 0 : middle - reach;
    this.slider.max = whole ? Math.max(reach, 3) : middle + reach;
    this.slider.step = whole ? 1 : reach / 100;
    this.slider.value = middle;
  }

  refreshEditor() {
    if (!this.field || [this.field, this.slider].includes(document.activeElement)) return;
    this.field.value = exact(this.app.engine.data[this.shown]);
    this.fillSlider(this.shown);
  }

  apply(item, text) {
    const number = Number(text.trim().replace("−", "-"));
    const valid = text.trim() !== "" && Number.isFinite(number);
    this.field.setAttribute("aria-invalid", String(!valid));
    setText(
      this.complaint,
      valid ? "" : `${JSON.stringify(text)} is not a number: write one such as −1.5 or 2e-3.`,
    );
    if (valid) this.app.edit(new Map([[item, number]]));
  }
}
