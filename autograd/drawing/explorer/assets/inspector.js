// The panel about one item: what it is, its chain-rule sum in numbers, and its number to edit.

import { byId, html, line, setText } from "./dom.js";
import { FAILED, FINE } from "./engine.js";
import { exact, format } from "./numbers.js";
import { note } from "./stepping.js";

const MOST_TERMS = 8;
const MOST_LISTED = 12;
const MOST_SLID = Number.MAX_VALUE / 2; // so that the way from end to end is a number, too

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
    this.panel.classList.toggle("empty", item === null);
    if (item === null) {
      this.panel.replaceChildren(
        note(
          "Point at a node to see how its gradient comes about. Select it to keep it here and to edit its number.",
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
    const { engine, arithmetic, finished } = this.app;
    const title = html("h3", {}, "Gradient by the chain rule");
    const gradient = arithmetic.gradientName(node);
    const failure = arithmetic.backwardFailure(finished.failed);
    if (failure) return [title, note(failure, "failure")];
    if (!engine.hasGradients()) return [title, note("Not before the output is a finite number.")];
    if (node === engine.output) return [title, line([gradient, " = ", ["gradient strong", "1.0"]])];
    if (!finished.reached[node]) return [title, note("No path leads from here to the output.")];
    return [
      title,
      ...this.sumLines(node, gradient, arithmetic.chainRule(node, finished.gradient)),
      this.meaning(node),
    ];
  }

  // A line for each term, the largest first, what the others add up to, and the sum.
  sumLines(node, gradient, terms) {
    const { finished } = this.app;
    const rest = terms.slice(MOST_TERMS);
    const lines = terms
      .slice(0, MOST_TERMS)
      .map(({ parts }, index) => line([index ? "+ " : "= ", ...parts]));
    if (rest.length) {
      const sum = rest.reduce((total, use) => total + use.term, 0);
      lines.push(line(["+ ", ["dim", `${rest.length} more = ${format(sum)}`]]));
    }
    if (terms.length > 1) {
      lines.push(line(["= ", ["gradient strong", format(finished.gradient[node])]]));
    }
    return [html("div", { class: "sum" }, line([gradient]), ...lines)];
  }

  meaning(node) {
    const { arithmetic, finished } = this.app;
    const by = format(0.01 * finished.gradient[node]);
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
      .map((_, slot) =>
        line([arithmetic.localName(node, slot), " = ", ["local strong", format(values[slot])]]),
      );
    const more = parents.length - lines.length;
    return [
      html("h3", {}, "Local derivatives"),
      ...lines,
      ...(more > 0 ? [note(`and ${more} more`)] : []),
    ];
  }

  groupFacts(item) {
    const { folding, engine, arithmetic, finished, graph } = this.app;
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
              finished.reached[node] ? format(finished.gradient[node]) : "–",
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
    const open = html("button", { type: "button", onclick: () => this.app.folds.toggle(item) }, "Open");
    return [
      ...rows("output", folding.computes(item) ? folding.outputsOf(item) : []),
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
      onchange: () => this.accept(item),
    });
    this.slider = html("input", {
      type: "range",
      "aria-label": `Slide the value of ${graph.nodes.name[item]}`,
      oninput: () => {
        this.apply(item, this.slider.value);
        this.field.value = this.slider.value;
      },
      onchange: () => {
        this.accept(item);
        this.fillSlider(item);
      },
    });
    this.complaint = html("p", { id: "complaint", class: "note failure", role: "alert" });
    this.fillEditor(item);
    const undo = html("button", { type: "button", onclick: () => this.app.undo() }, "Undo edits");
    return [
      html("div", { class: "editor" }, html("label", { for: "value" }, "Value"), this.field, undo),
      this.slider,
      this.complaint,
    ];
  }

  fillEditor(item) {
    this.accept(item);
    this.fillSlider(item);
    this.field.value = exact(this.accepted);
    this.complain("");
  }

  // While one writes, the graph follows each number; a text that turns out to be none takes it back
  // to the number that was there before.
  accept(item) {
    this.accepted = this.app.engine.data[item];
  }

  fillSlider(item) {
    const middle = this.app.engine.data[item];
    const size = Math.abs(Number.isFinite(middle) ? middle : 0);
    const reach = Math.min(MOST_SLID, Math.max(1, 2 * size));
    const whole = this.app.isIndex(item);
    this.slider.min = whole ? 0 : Math.max(-MOST_SLID, middle - reach);
    this.slider.max = whole ? Math.max(reach, 3) : Math.min(MOST_SLID, middle + reach);
    this.slider.step = whole ? 1 : reach / 100;
    this.slider.value = middle;
  }

  refreshEditor() {
    if (!this.field || [this.field, this.slider].includes(document.activeElement)) return;
    this.fillEditor(this.shown);
  }

  apply(item, text) {
    const number = text.trim() === "" ? NaN : Number(text.trim().replace("−", "-"));
    const valid = Number.isFinite(number);
    const problem = Number.isNaN(number) ? "is not a number" : "is too large";
    const stays = `${this.app.graph.nodes.name[item]} stays ${format(this.accepted)}`;
    this.complain(
      valid ? "" : `${JSON.stringify(text)} ${problem}: ${stays}. Write one such as −1.5 or 2e-3.`,
    );
    this.app.edit(new Map([[item, valid ? number : this.accepted]]));
  }

  complain(text) {
    this.field.setAttribute("aria-invalid", String(text !== ""));
    setText(this.complaint, text);
  }
}
