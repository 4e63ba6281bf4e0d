// Zoom and pan: where the camera looks at the picture from.

import { byId } from "./dom.js";

const MARGIN = 24;
const READABLE = 0.55; // scale; the steps come closer than this
const CLOSE = 0.9;
const FAR = 0.3; // text is left out from here on, and the page does not open so far away
const [FARTHEST, CLOSEST] = [0.02, 4];

export class Camera {
  // `onLook` is told whenever it looks elsewhere.
  constructor(picture, onLook) {
    this.picture = picture;
    this.onLook = onLook;
    this.place = { x: 0, y: 0, scale: 1 };
    this.fitted = false; // until it is moved, it shows all of the picture
    this.listen();
  }

  get window() {
    return this.picture.getBoundingClientRect();
  }

  look(place, smooth = false) {
    this.place = place;
    this.fitted = false;
    const camera = byId("camera");
    camera.classList.toggle("smooth", smooth);
    camera.style.transform = `translate(${place.x}px, ${place.y}px) scale(${place.scale})`;
    this.picture.classList.toggle("far", !this.recognisable);
    this.onLook();
  }

  get readable() {
    return this.place.scale >= READABLE;
  }

  get recognisable() {
    return this.place.scale >= FAR;
  }

  // What it sees, in the coordinates of the picture, and a quarter more on each side.
  sight() {
    const { width, height } = this.window;
    const { x, y, scale } = this.place;
    const [across, down] = [width / scale, height / scale];
    return {
      left: -x / scale - across / 4,
      right: -x / scale + 1.25 * across,
      top: -y / scale - down / 4,
      bottom: -y / scale + 1.25 * down,
    };
  }

  // All of a layout.
  fit(layout, smooth = false) {
    const { width, height } = this.window;
    const scale = Math.min(
      (width - 2 * MARGIN) / layout.width,
      (height - 2 * MARGIN) / layout.height,
      1.5,
    );
    const x = (width - layout.width * scale) / 2;
    this.look({ scale, x, y: (height - layout.height * scale) / 2 }, smooth);
    this.fitted = true;
  }

  zoom(factor, at) {
    const { width, height } = this.window;
    const center = at ?? { x: width / 2, y: height / 2 };
    const scale = Math.min(CLOSEST, Math.max(FARTHEST, this.place.scale * factor));
    const grown = scale / this.place.scale;
    this.look({
      scale,
      x: center.x - (center.x - this.place.x) * grown,
      y: center.y - (center.y - this.place.y) * grown,
    });
  }

  pan(dx, dy, smooth = false) {
    this.look({ ...this.place, x: this.place.x + dx, y: this.place.y + dy }, smooth);
  }

  // Go along with the steps, close enough to read a box.
  follow(box) {
    if (this.readable) {
      this.reveal(box);
      return;
    }
    const { width, height } = this.window;
    const [x, y] = [width / 2 - box.x * CLOSE, height / 2 - box.y * CLOSE];
    this.look({ scale: CLOSE, x, y }, true);
  }

  // Come as near as one can read, with a box in the middle as far as the ends of a layout let it.
  approach(layout, box) {
    const { width, height } = this.window;
    const offset = (size, center, length) => {
      const last = size - MARGIN - length * READABLE;
      if (last >= MARGIN) return (last + MARGIN) / 2;
      return Math.min(MARGIN, Math.max(last, size / 2 - center * READABLE));
    };
    const x = offset(width, box.x, layout.width);
    this.look({ scale: READABLE, x, y: offset(height, box.y, layout.height) });
  }

  // Bring a box into sight, if it is not.
  reveal(box) {
    const { width, height } = this.window;
    const { x, y, scale } = this.place;
    const aside = (center, half, size) =>
      Math.max(0, MARGIN - (center - half)) + Math.min(0, size - MARGIN - (center + half));
    this.pan(
      aside(x + box.x * scale, (box.width * scale) / 2, width),
      aside(y + box.y * scale, (box.height * scale) / 2, height),
      true,
    );
  }

  listen() {
    const pointers = new Map();
    const spot = (event) => {
      const { left, top } = this.window;
      return { x: event.clientX - left, y: event.clientY - top };
    };
    const apart = () => {
      const [a, b] = [...pointers.values()];
      return Math.hypot(a.x - b.x, a.y - b.y);
    };
    let moved = 0; // pixels since the pointer went down: a drag is no click
    const on = (type, action) => this.picture.addEventListener(type, action, { passive: false });
    on("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * 0.0015), spot(event));
    });
    on("pointerdown", (event) => {
      pointers.set(event.pointerId, spot(event));
      moved = 0;
    });
    const afterDrag = (event) => moved > 4 && event.stopPropagation();
    this.picture.addEventListener("click", afterDrag, { capture: true });
    on("pointermove", (event) => {
      if (!pointers.has(event.pointerId)) return;
      const [last, now] = [pointers.get(event.pointerId), spot(event)];
      const before = pointers.size === 2 ? apart() : 0;
      pointers.set(event.pointerId, now);
      moved += Math.hypot(now.x - last.x, now.y - last.y);
      if (before > 0) this.zoom(apart() / before, now);
      else this.pan(now.x - last.x, now.y - last.y);
    });
    for (const type of ["pointerup", "pointercancel", "pointerleave"]) {
      on(type, (event) => pointers.delete(event.pointerId));
    }
  }
}
