// Numbers as text, as people read them. Knows no screen.

const MINUS = "\u2212";

/** A number with so many significant digits: 0.0123, 12.3, 1,234, 1.2e-7; "not finite" signs as they are. */
export function number(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-4 || size >= 1e6) return power(value, digits);
  if (size >= 10 ** digits) return grouped(Math.round(value));
  return Number(value.toPrecision(digits)).toString().replace("-", MINUS);
}

/** With a fixed number of places, so that a counter does not dance. */
export function fixed(value, places = 3) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return number(value);
  if (Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 0.5 * 10 ** -places)) return power(value, 3);
  return value.toFixed(places).replace("-", MINUS);
}

function power(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const trimmed = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return `${trimmed}e${Number(exponent)}`.replaceAll("-", MINUS);
}

/** An integer in groups of three digits. */
export function grouped(value) {
  const text = Math.abs(Math.trunc(value)).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  return value < 0 ? MINUS + text : text;
}

/** A share as "97.5 %", with the sign held to its number. */
export function percent(share, places = 1) {
  if (share === null || share === undefined || Number.isNaN(share)) return "–";
  return `${(100 * share).toFixed(places)}\u00a0%`;
}

/** What somebody typed, as a number, or null: "0,5" and a real minus are meant well. */
export function parse(text) {
  const plain = String(text).trim().replaceAll(MINUS, "-").replace(/^([+-]?\d+),(\d{1,2})$/, "$1.$2").replaceAll(" ", "");
  if (plain === "" || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

/** A long name with its middle left out: names often differ in their last signs. */
export function shorten(text, most = 24) {
  const signs = [...String(text)];
  if (signs.length <= most) return signs.join("");
  const tail = Math.floor(most / 3);
  return `${signs.slice(0, most - 1 - tail).join("").trimEnd()}…${signs.slice(-tail).join("").trimStart()}`;
}

/** Bytes as "1.2 MB". */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB"];
  let k = 0;
  let value = count;
  while (value >= 1000 && k < units.length - 1) {
    value /= 1000;
    k += 1;
  }
  return `${k === 0 ? value : value.toFixed(1)} ${units[k]}`;
}

/** A feature's name as people write it: x1^2 as x₁², sin(x1) as sin x₁; names from a file stay as they are. */
export function pretty(name) {
  if (!/^(x[12](\^2)?|x1 ?x2|sin ?\(?x[12]\)?)$/.test(name)) return String(name);
  return name.replaceAll("^2", "²").replaceAll("(", " ").replaceAll(")", "").replace(/^sinx/, "sin x").replaceAll("x1", "x₁").replaceAll("x2", "x₂").replaceAll("x₁ x₂", "x₁x₂");
}
