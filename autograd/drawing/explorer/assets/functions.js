// The forward of operations that have no formula in the operation table: see javascript.py.

export const handWritten = {
  // 2/√π · e^(-x²) · (x + 2x³/3 + 4x⁵/15 + ...): every term has one sign, so no digit is lost.
  erf(x) {
    if (Math.abs(x) > 6) return Math.sign(x); // the rest is below the last digit
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n += 1) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  },

  // Where 1 - erf(x) has lost its digits, the continued fraction e^(-x²) / √π / (x + ½/(x + 1/(x +
  // 3/2/(x + ...)))), from the 200th term back.
  erfc(x) {
    if (x < 2) return 1 - handWritten.erf(x);
    let fraction = x;
    for (let n = 200; n > 0; n -= 1) fraction = x + n / 2 / fraction;
    return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
  },

  // The entry at an index; NaN, which the page shows as "does not exist", where there is none.
  lookup(index, ...entries) {
    return index in entries ? entries[index] : NaN;
  },
};
