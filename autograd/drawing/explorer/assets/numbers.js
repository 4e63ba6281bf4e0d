// Numbers as people read them.

export function format(x) {
  if (Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  let text = String(Number(x.toPrecision(4)));
  if (x !== 0 && (Math.abs(x) < 1e-4 || Math.abs(x) >= 1e6)) {
    const [mantissa, exponent] = x.toExponential(2).split("e");
    text = `${mantissa}e${Number(exponent)}`;
  } else if (!text.includes(".") && !text.includes("e")) {
    text += ".0";
  }
  return text.replaceAll("-", "−");
}

// As a factor or a term: negative numbers in parentheses.
export function operand(x) {
  const text = format(x);
  return text.startsWith("−") ? `(${text})` : text;
}

// Every digit, as Python's repr has them.
export function exact(x) {
  return Number.isNaN(x) ? "–" : String(x);
}
