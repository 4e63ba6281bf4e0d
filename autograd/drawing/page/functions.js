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

  // The entry at an index; NaN, which the page shows as "does not exist", where there is none.
  lookup(index, ...entries) {
    return index in entries ? entries[index] : NaN;
  },
};
