// The keyboard: which key does what, shown in the help exactly as it is matched. Knows no screen.

export const KEYS = [
  ["Space", "play"], ["S", "step"], ["E", "epoch"], ["R", "reset"], ["N", "reseed"],
  [",", "back"], [".", "forward"], ["0", "start"], ["9", "live"],
  ["L", "add_layer"], ["Shift+L", "remove_layer"], ["U", "add_unit"], ["Shift+U", "remove_unit"],
  ["D", "data"], ["T", "training"], ["G", "lessons"],
  ["1", "curves"], ["2", "histograms"], ["3", "confusion"], ["4", "inside"], ["5", "findings"], ["6", "compare"], ["7", "take"],
  ["P", "pin"], ["C", "copy_link"], ["M", "theme"], ["Z", "language"], ["?", "help"],
];
const TABLE = new Map(KEYS.map(([key, action]) => [key.toLowerCase(), action]));

/** The action of a pressed key, or null; keys with Ctrl, Alt or Meta belong to the browser. */
export function actionOf({ key, shiftKey, ctrlKey, altKey, metaKey }) {
  if (ctrlKey || altKey || metaKey) return null;
  if (key === " ") return TABLE.get("space");
  const plain = key.toLowerCase();
  return (shiftKey && TABLE.get(`shift+${plain}`)) || (shiftKey && /^[a-z]$/.test(plain) ? null : (TABLE.get(plain) ?? null));
}

/** Whether a key belongs to the element that has the focus: fields take what is typed, buttons Space. */
export function belongsTo(tag, type, role, key) {
  if (tag === "TEXTAREA" || tag === "SELECT") return true;
  if (tag === "INPUT") {
    if (["checkbox", "radio", "file"].includes(type)) return key === " ";
    if (type === "range") return key.startsWith("Arrow") || ["Home", "End", "PageUp", "PageDown"].includes(key);
    return true;
  }
  if (["BUTTON", "A", "SUMMARY"].includes(tag) || ["button", "tab"].includes(role)) return key === " " || key === "Enter";
  return false;
}
