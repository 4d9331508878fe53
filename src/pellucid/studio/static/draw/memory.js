// What the page remembers between visits: theme and language. Where a browser keeps nothing, it begins afresh.

export function kept(name) {
  try {
    return localStorage.getItem(`pellucid-${name}`);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(`pellucid-${name}`, value);
  } catch {
    // A private window; nothing is lost but the wish.
  }
}
