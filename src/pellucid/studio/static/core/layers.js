// Layers as buttons and keys change them: a list of hidden layers in, another one out, or null where nothing changes.

/** With one more, like the last, before `at` or at the end. */
export function added(layers, at, most) {
  if (layers.length >= most) return null;
  const like = layers.at(-1);
  const layer = { units: like ? Math.min(like.units, 8) : 4, activation: like?.activation ?? "tanh", dropout: 0, init: null };
  const place = at ?? layers.length;
  return [...layers.slice(0, place), layer, ...layers.slice(place)];
}

export const removed = (layers, at) => (layers.length ? layers.filter((_, k) => k !== (at ?? layers.length - 1)) : null);

export const changed = (layers, at, partial) => layers.map((layer, k) => (k === at ? { ...layer, ...partial } : layer));

/** With so many units more in one of them, or fewer. */
export function widened(layers, at, count, most) {
  if (!layers[at]) return null;
  const units = Math.max(1, Math.min(most, layers[at].units + count));
  return units === layers[at].units ? null : changed(layers, at, { units });
}
