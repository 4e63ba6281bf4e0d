// Numbers as people read them: four digits, as Python writes them with the format .4g, and whole
// numbers in full, with a ".0" that says so.

const MOST_WHOLE = 1e6;

export function format(x) {
  if (Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const whole = Number.isInteger(x) && Math.abs(x) < MOST_WHOLE;
  const text = whole ? (x + 0).toFixed(1) : inFourDigits(x); // of 0 and -0, the sum is 0
  return text.replaceAll("-", "−");
}

function inFourDigits(x) {
  const text = rounded(x);
  const [mantissa, exponent] = text.split("e").map(Number);
  return exponent < -4 || exponent >= 4 ? `${mantissa}e${exponent}` : String(Number(text));
}

// JavaScript rounds a half up, Python to the even digit: 5.0625 is 5.062.
function rounded(x) {
  const text = x.toExponential(3);
  const half = /^-?\d\.\d{3}50*e/.test(x.toExponential(20));
  return half ? text.replace(/[13579](?=e)/, (odd) => odd - 1) : text;
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
