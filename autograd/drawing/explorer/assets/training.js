// A run of training: a slider through its epochs, and the curve of its loss.

import { byId, setText, svg } from "./dom.js";
import { format } from "./numbers.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM, EDGE] = [300, 86, 46, 20, 8];
const RUN = 6000; // milliseconds, for all epochs
const FRAME = 30; // at least, for one

export class Training {
  // `run.snapshots` has, for each kept epoch, its number and the numbers of `run.nodes`.
  constructor(run, app) {
    this.run = run;
    this.app = app;
    this.numbers = decoded(run.numbers);
    this.timer = null;
    byId("training").hidden = false;
    const slider = byId("epoch");
    slider.max = run.epochs.length - 1;
    slider.value = slider.max;
    slider.addEventListener("input", () => {
      this.pause();
      this.go(Number(slider.value));
    });
    byId("train").addEventListener("click", () =>
      this.timer === null ? this.play() : this.pause(),
    );
    this.drawCurve();
    this.go(run.epochs.length - 1);
  }

  // Put the parameters of a snapshot into the graph.
  go(index) {
    this.show(index);
    this.putBack();
    this.app.refresh();
  }

  putBack() {
    if (this.app.graph.locked) return;
    const { nodes } = this.run;
    const start = Number(byId("epoch").value) * nodes.length;
    nodes.forEach((node, i) => (this.app.engine.data[node] = this.numbers[start + i]));
  }

  play() {
    const slider = byId("epoch");
    if (Number(slider.value) === Number(slider.max)) slider.value = 0;
    else slider.value = Number(slider.value) + 1;
    this.go(Number(slider.value));
    const more = Number(slider.value) < Number(slider.max);
    this.timer = more
      ? setTimeout(() => this.play(), Math.max(FRAME, RUN / this.run.epochs.length))
      : null;
    this.showButton();
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.showButton();
  }

  showButton() {
    const playing = this.timer !== null;
    byId("train").classList.toggle("playing", playing);
    byId("train").setAttribute("aria-label", playing ? "Pause training" : "Play training");
  }

  show(index) {
    byId("epoch").value = index;
    const epoch = this.run.epochs[index];
    const loss = this.run.losses[epoch];
    const text = `Epoch ${epoch}${loss === null ? "" : `, mean loss ${format(Number(loss))}`}`;
    setText(byId("epoch-text"), text);
    byId("epoch").setAttribute("aria-valuetext", text);
    const known = loss !== null;
    this.mark.setAttribute("cx", this.x(epoch));
    this.mark.setAttribute("cy", known ? this.y(Number(loss)) : 0);
    this.mark.setAttribute("visibility", known ? "visible" : "hidden");
    this.rule.setAttribute("x1", this.x(epoch));
    this.rule.setAttribute("x2", this.x(epoch));
  }

  // --- the curve of the loss ------------------------------------------------------------------

  x(epoch) {
    return LEFT + (epoch / Math.max(1, this.run.losses.length - 1)) * (WIDTH - LEFT - EDGE);
  }

  y(loss) {
    const [low, high] = this.range;
    return EDGE + (1 - (loss - low) / (high - low)) * (HEIGHT - BOTTOM - EDGE);
  }

  drawCurve() {
    const points = this.run.losses
      .map((loss, epoch) => ({ epoch, loss: loss === null ? NaN : Number(loss) }))
      .filter(({ loss }) => Number.isFinite(loss));
    const losses = points.map(({ loss }) => loss);
    const low = losses.reduce((a, b) => Math.min(a, b), 0);
    const high = losses.reduce((a, b) => Math.max(a, b), low);
    this.range = [low, high > low ? high : low + 1];
    const bottom = HEIGHT - BOTTOM;
    this.mark = svg("circle", { class: "mark", r: 4.5 });
    this.rule = svg("line", { class: "rule", y1: EDGE, y2: bottom });
    const last = this.run.losses.length - 1;
    const text = (x, y, content, anchor) => svg("text", { x, y, "text-anchor": anchor }, content);
    byId("curve").replaceChildren(
      svg("path", { class: "axis", d: `M${LEFT} ${EDGE}V${bottom}H${WIDTH - EDGE}` }),
      text(LEFT - 6, this.y(this.range[1]) + 8, format(this.range[1]), "end"),
      text(LEFT - 6, bottom, format(this.range[0]), "end"),
      text(LEFT, HEIGHT - 5, "0", "middle"),
      text(WIDTH - EDGE, HEIGHT - 5, `epoch ${last}`, "end"),
      this.rule,
      svg("polyline", {
        class: "loss",
        points: points.map(({ epoch, loss }) => `${this.x(epoch)},${this.y(loss)}`).join(" "),
      }),
      this.mark,
    );
  }
}

// Numbers as Python packed them: the bytes of float64, little-endian, in base64.
function decoded(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
}
