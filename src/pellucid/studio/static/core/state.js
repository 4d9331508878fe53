// The state of a run as one object, and as the part of an address behind the #. Knows no screen.

const PLAIN = ["standardize", "validation", "seed"];
const OWN = ["csv", "drawn"]; // data that a link does not carry

/** The address's part for a state: everything that decides the run, own data left out. */
export function encode(state) {
  const parts = [["v", 1]];
  const { kind, points, ...parameters } = state.data;
  parts.push(["data", kind], ...Object.entries(parameters).map(([k, v]) => [`data.${k}`, value(v)]));
  if (state.features) parts.push(["features", state.features.join(",")]);
  for (const name of PLAIN) parts.push([name, value(state[name])]);
  parts.push(["layers", state.network.layers.map(layer).join(",") || "none"]);
  for (const name of ["loss", "output_init"]) if (state.network[name]) parts.push([name, value(state.network[name])]);
  for (const part of ["optimizer", "schedule"]) {
    const { name, ...constants } = state.training[part];
    parts.push([part, name], ...Object.entries(constants).map(([k, v]) => [`${part}.${k}`, value(v)]));
  }
  for (const [name, key] of TRAINING) parts.push([name, value(state.training[key])]);
  if (state.view) parts.push(["view", state.view.kind === "components" ? "components" : `${state.view.x},${state.view.y}`]);
  return parts.filter(([, v]) => v !== undefined).map(([k, v]) => `${k}=${plain(String(v))}`).join("&");
}

const TRAINING = [
  ["batch", "batch_size"], ["l2", "l2"], ["l1", "l1"], ["clip", "clip_norm"], ["epochs", "epochs"], ["engine", "engine"],
];
const value = (v) => (typeof v === "string" ? v : JSON.stringify(v));
const plain = (text) => encodeURIComponent(text).replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%5E", "^");
const layer = ({ units, activation, dropout, init }) => {
  const parts = [units, activation, dropout || 0, typeof init === "string" ? init : init ? JSON.stringify(init).replaceAll(",", ";") : ""];
  while (parts.length > 2 && !parts.at(-1)) parts.pop();
  return parts.join(":");
};

/** A partial state from an address, or null where there is none. What cannot be read is left out. */
export function decode(hash) {
  const text = hash.replace(/^#/, "");
  if (!text.includes("data=") && !text.includes("layers=")) return null;
  const given = new Map();
  for (const part of text.split("&")) {
    const at = part.indexOf("=");
    if (at > 0) given.set(part.slice(0, at), unescaped(part.slice(at + 1)));
  }
  const state = { v: 1 };
  if (given.has("data")) state.data = { kind: given.get("data"), ...below(given, "data.") };
  if (given.has("features")) state.features = given.get("features").split(",").filter(Boolean);
  for (const name of PLAIN) if (given.has(name)) put(state, name, read(given.get(name)));
  const network = {};
  if (given.has("layers")) put(network, "layers", layers(given.get("layers")));
  for (const name of ["loss", "output_init"]) if (given.has(name)) network[name] = read(given.get(name));
  if (Object.keys(network).length) state.network = network;
  const training = {};
  for (const part of ["optimizer", "schedule"]) {
    if (given.has(part)) training[part] = { name: given.get(part), ...below(given, `${part}.`) };
  }
  for (const [name, key] of TRAINING) if (given.has(name)) put(training, key, read(given.get(name)));
  if (Object.keys(training).length) state.training = training;
  if (given.has("view")) put(state, "view", view(given.get("view")));
  return state;
}

/** Whether the run of a link rests on data that the link does not carry. */
export const needsOwnData = (state) => OWN.includes(state?.data?.kind);

function put(object, key, v) {
  if (v !== undefined) object[key] = v;
}

function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function below(given, prefix) {
  const found = {};
  for (const [key, text] of given) {
    const name = key.slice(prefix.length);
    if (key.startsWith(prefix) && /^[a-z_0-9]+$/.test(name) && name !== "points") found[name] = read(text);
  }
  return found;
}

function layers(text) {
  if (text === "none") return [];
  const found = text.split(",").map((one) => {
    const [units, activation = "tanh", dropout = "0", init = ""] = one.split(":");
    const name = init.startsWith("{") ? one.slice(one.indexOf("{")).replaceAll(";", ",") : init;
    return { units: Number(units), activation, dropout: Number(dropout), init: name ? read(name) : null };
  });
  return found.every((one) => Number.isInteger(one.units) && Number.isFinite(one.dropout)) ? found : undefined;
}

function view(text) {
  if (text === "components") return { kind: "components" };
  const [x, y] = text.split(",").map(Number);
  return Number.isInteger(x) && Number.isInteger(y) ? { kind: "features", x, y } : undefined;
}

const WHOLE = new Set(["data", "optimizer", "schedule", "layers", "features", "view"]);

/** One partial state laid over another, as the server does it: objects by field, some replaced whole. */
export function merge(state, partial) {
  const made = { ...state };
  for (const [key, v] of Object.entries(partial)) {
    const both = v && made[key] && typeof v === "object" && !Array.isArray(v) && !WHOLE.has(key);
    made[key] = both ? merge(made[key], v) : v;
  }
  return made;
}

/** What differs between two states: [["training.optimizer.learning_rate", before, after], ...]. */
export function differences(before, after, path = "") {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const plainObject = (v) => v && typeof v === "object" && !Array.isArray(v);
  if (!plainObject(before) || !plainObject(after)) return [[path, before, after]];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => differences(before[key], after[key], path ? `${path}.${key}` : key));
}

/** Whether a change is worth a step of the browser's Back: another network or other data, not a slider. */
export function worthGoingBackTo(before, after) {
  const of = (s) => JSON.stringify([s?.data?.kind, s?.network?.layers, s?.features]);
  return of(before) !== of(after);
}
