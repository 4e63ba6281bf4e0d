// The plane of two inputs, coloured by the score that the graph gives each place, with its boundary.

import { byId, html } from "./dom.js";
import { format } from "./numbers.js";

const [COLUMNS, ROWS] = [64, 40];
const FULL_SCORE = 3; // from here on, colours are no stronger
const DOT = 3.5; // the radius of a point
const SIGHT = { radius: 7, reach: 11 }; // of the cross-hairs at the current input
const CORNER = 7; // pixels, to the numbers in it
const MARGIN = 0.25; // of the extent of the points, on each side

export class Plane {
  // `plane`: the nodes `inputs` [x, y] and `score`, `points` [[x, y], ...] and their `classes`.
  constructor(plane, app) {
    this.plane = plane;
    this.app = app;
    this.canvas = byId("plane");
    byId("boundary").hidden = false;
    byId("boundary-text").textContent =
      `${this.name(0)} across, ${this.name(1)} up. Select a place to move the input there.`;
    this.setRange();
    this.canvas.addEventListener("click", (event) => this.choose(event));
    this.shades = html("canvas", { width: COLUMNS, height: ROWS });
  }

  name(index) {
    return this.app.graph.nodes.name[this.plane.inputs[index]];
  }

  setRange() {
    const here = this.plane.inputs.map((node) => this.app.engine.recorded[node]);
    const points = [...this.plane.points, here].filter((point) => point.every(Number.isFinite));
    this.range = [0, 1].map((axis) => {
      const numbers = points.map((point) => point[axis]);
      const low = numbers.reduce((a, b) => Math.min(a, b)); // there may be too many to spread
      const high = numbers.reduce((a, b) => Math.max(a, b));
      const margin = MARGIN * (high - low) || 1;
      return { low: low - margin, high: high + margin };
    });
  }

  choose(event) {
    const box = this.canvas.getBoundingClientRect();
    const shares = [
      (event.clientX - box.left) / box.width,
      1 - (event.clientY - box.top) / box.height,
    ];
    const place = shares.map((share, axis) => {
      const { low, high } = this.range[axis];
      return Number((low + share * (high - low)).toPrecision(4));
    });
    this.app.edit(new Map(this.plane.inputs.map((node, axis) => [node, place[axis]])));
  }

  // Draw at the next frame: several edits in one frame cost one drawing.
  draw() {
    cancelAnimationFrame(this.waiting);
    this.waiting = requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    const scores = this.scores();
    const context = this.canvas.getContext("2d");
    const scale = devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = clientWidth * scale;
    this.canvas.height = clientHeight * scale;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    this.drawShades(context, scores, clientWidth, clientHeight);
    this.drawBoundary(context, scores, clientWidth, clientHeight);
    this.drawPoints(context, clientWidth, clientHeight);
    this.drawRange(context, clientWidth, clientHeight);
    const score = this.app.engine.data[this.plane.score];
    this.canvas.setAttribute(
      "aria-label",
      `Decision boundary over ${this.name(0)} and ${this.name(1)}; the score of the current input is ${format(score)}`,
    );
  }

  // The score at every crossing of a grid, row by row from the top.
  scores() {
    const columns = this.plane.inputs.map(() => new Float64Array(COLUMNS * ROWS));
    const [across, up] = this.range;
    for (let row = 0; row < ROWS; row += 1) {
      for (let column = 0; column < COLUMNS; column += 1) {
        const index = row * COLUMNS + column;
        columns[0][index] = across.low + (column / (COLUMNS - 1)) * (across.high - across.low);
        columns[1][index] = up.high - (row / (ROWS - 1)) * (up.high - up.low);
      }
    }
    const inputs = this.plane.inputs.map((node, axis) => [node, columns[axis]]);
    return this.app.engine.sweep(this.plane.score, inputs, COLUMNS * ROWS);
  }

  drawShades(context, scores, width, height) {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name).trim().split(" ").map(Number);
    const [negative, middle, positive] = ["--negative", "--middle", "--positive"].map(color);
    const image = new ImageData(COLUMNS, ROWS);
    scores.forEach((score, index) => {
      const strength = Math.min(1, Math.sqrt(Math.abs(score) / FULL_SCORE)) || 0;
      const end = score > 0 ? positive : negative;
      const mixed = middle.map((channel, i) => channel + (end[i] - channel) * strength);
      image.data.set([...mixed, 255], 4 * index);
    });
    this.shades.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    const [cellX, cellY] = [width / (COLUMNS - 1), height / (ROWS - 1)];
    context.drawImage(this.shades, -cellX / 2, -cellY / 2, COLUMNS * cellX, ROWS * cellY);
  }

  // Where the score is zero: in each cell, the line between the crossings of its sides.
  drawBoundary(context, scores, width, height) {
    const [cellX, cellY] = [width / (COLUMNS - 1), height / (ROWS - 1)];
    context.beginPath();
    for (let row = 0; row + 1 < ROWS; row += 1) {
      for (let column = 0; column + 1 < COLUMNS; column += 1) {
        const corners = [
          [0, 0],
          [1, 0],
          [1, 1],
          [0, 1],
        ].map(([dx, dy]) => ({
          x: (column + dx) * cellX,
          y: (row + dy) * cellY,
          score: scores[(row + dy) * COLUMNS + column + dx],
        }));
        const crossings = corners.flatMap((a, i) => {
          const b = corners[(i + 1) % 4];
          if (a.score > 0 === b.score > 0) return [];
          const t = a.score / (a.score - b.score);
          return [[a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)]];
        });
        for (let i = 0; i + 1 < crossings.length; i += 2) {
          context.moveTo(...crossings[i]);
          context.lineTo(...crossings[i + 1]);
        }
      }
    }
    context.strokeStyle = this.color("--ink");
    context.lineWidth = 2;
    context.stroke();
  }

  drawPoints(context, width, height) {
    const place = ([x, y]) => {
      const [across, up] = this.range;
      return [
        ((x - across.low) / (across.high - across.low)) * width,
        (1 - (y - up.low) / (up.high - up.low)) * height,
      ];
    };
    context.strokeStyle = this.color("--paper");
    context.lineWidth = 1;
    const fill = { true: this.color("--class-positive"), false: this.color("--class-negative") };
    this.plane.points.forEach((point, index) => {
      const [x, y] = place(point);
      const positive = this.plane.classes[index] > 0;
      context.fillStyle = fill[positive];
      context.beginPath();
      if (positive) context.arc(x, y, DOT, 0, 2 * Math.PI);
      else context.rect(x - DOT, y - DOT, 2 * DOT, 2 * DOT);
      context.fill();
      context.stroke();
    });
    const [x, y] = place(this.plane.inputs.map((node) => this.app.engine.data[node]));
    context.strokeStyle = this.color("--ink");
    context.lineWidth = 2.5;
    context.beginPath();
    context.arc(x, y, SIGHT.radius, 0, 2 * Math.PI);
    context.moveTo(x - SIGHT.reach, y);
    context.lineTo(x + SIGHT.reach, y);
    context.moveTo(x, y - SIGHT.reach);
    context.lineTo(x, y + SIGHT.reach);
    context.stroke();
  }

  // Its lower left and its upper right corner.
  drawRange(context, width, height) {
    const corner = (end) => `(${this.range.map((axis) => format(axis[end])).join(", ")})`;
    context.font = `11px ${getComputedStyle(this.canvas).fontFamily}`;
    context.fillStyle = this.color("--ink");
    context.strokeStyle = this.color("--paper");
    context.lineWidth = 3;
    context.lineJoin = "round";
    const write = (text, x, y, align) => {
      context.textAlign = align;
      context.strokeText(text, x, y);
      context.fillText(text, x, y);
    };
    write(corner("low"), CORNER, height - CORNER, "left");
    write(corner("high"), width - CORNER, 2 * CORNER, "right");
  }

  color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }
}
