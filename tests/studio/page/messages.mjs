// Messages as the server writes them, for the tests.

/** A message as the server writes it. */
export function binary(header, arrays) {
  const kinds = { Float32Array: "f4", Uint8Array: "u1", Int32Array: "i4", Float64Array: "f8" };
  let at = 0;
  const about = {};
  for (const [name, { data, shape }] of Object.entries(arrays)) {
    about[name] = { dtype: kinds[data.constructor.name], shape, at };
    at += Math.ceil(data.byteLength / 8) * 8;
  }
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: about }));
  const length = Math.ceil((4 + text.length) / 8) * 8 - 4;
  const buffer = new ArrayBuffer(4 + length + at);
  new DataView(buffer).setUint32(0, length, true);
  new Uint8Array(buffer, 4, length).fill(32);
  new Uint8Array(buffer, 4).set(text);
  for (const [name, { data }] of Object.entries(arrays)) new Uint8Array(buffer, 4 + length + about[name].at).set(new Uint8Array(data.buffer));
  return buffer;
}
