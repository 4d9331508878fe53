// The walk through one step, an operation at a time: which numbers belong together. Knows no screen.

export const SECTIONS = ["given", "forward", "loss", "backward", "update"];

/** The lines of the chosen row that belong to an entry, by its name. */
export const linesOf = (inside, entry) => inside.lines.filter((line) => line.quantity === entry.name);

/** The line that made the number at an index of an entry: of z1[2] at [2], of dW1[0] at [0, 3]; null where none did. */
export function lineAt(lines, index) {
  const byPlace = new Map(lines.map((line) => [placeIn(line.name), line]));
  return byPlace.get(index.at(-1)) ?? byPlace.get(index[0]) ?? byPlace.get(null) ?? null;
}

function placeIn(name) {
  const found = /\[(\d+)\]$/.exec(name);
  return found ? Number(found[1]) : null;
}

/** What a number was made of, as lines of text: its name, what it is made of, and what is said of the whole. */
export function madeOf(entry, lines, index, value) {
  const place = index.length ? `[${index.join(", ")}]` : "";
  const made = [`${entry.name}${place} = ${value}`];
  const line = entry.section === "given" || !lines.length ? null : lineAt(lines, index);
  if (line && (entry.of_row || /^d[Wb]/.test(entry.name))) made.push(line.text);
  else if (entry.formula && entry.section !== "given") made.push(entry.formula);
  return made;
}

/** The two factors of a term of a weighted sum, named: z1[2] is made of X[i] and W1[i, 2]. */
export function factors(line, i) {
  const unit = placeIn(line.name) ?? 0;
  const forward = /^z(\d+)$/.exec(line.quantity);
  if (forward) return [Number(forward[1]) === 1 ? `X[${i}]` : `a${forward[1] - 1}[${i}]`, `W${forward[1]}[${i}, ${unit}]`];
  const back = /^d?[a-z]*?(\d+)$/.exec(line.quantity);
  if (back) return [`delta${Number(back[1]) + 1}[${i}]`, `W${Number(back[1]) + 1}[${unit}, ${i}]`];
  return ["", ""];
}

/** A value as rows of cells, at most so many each way: {rows: [[{value, index}]], more: bool}. */
export function cellsOf(value, most = 14) {
  const list = Array.isArray(value) ? value : [value];
  const flat = !Array.isArray(list[0]);
  const rows = flat ? [list] : list;
  const scalar = !Array.isArray(value);
  const made = rows.slice(0, most).map((row, i) => row.slice(0, most).map((v, j) => ({ value: v, index: scalar ? [] : flat ? [j] : [i, j] })));
  return { rows: made, more: rows.length > most || (rows[0]?.length ?? 0) > most };
}
