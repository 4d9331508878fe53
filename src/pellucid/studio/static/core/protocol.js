// What server and page say to each other: binary messages read, answers matched with their questions. Knows no screen.

const KINDS = { u1: Uint8Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };

/** A binary message: its header, with `arrays` as {name: {data: typed array, shape}}. */
export function decode(buffer) {
  if (buffer.byteLength < 4) throw new Error("a message of fewer than four bytes");
  const length = new DataView(buffer).getUint32(0, true);
  if (4 + length > buffer.byteLength) throw new Error("a message that ends within its header");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const arrays = {};
  for (const [name, { dtype, shape, at }] of Object.entries(header.arrays ?? {})) {
    const kind = KINDS[dtype];
    if (!kind) throw new Error(`an array of kind ${dtype}`);
    const count = shape.reduce((product, size) => product * size, 1);
    arrays[name] = { data: new kind(buffer, 4 + length + at, count), shape };
  }
  return { ...header, arrays };
}

/** Questions with numbers, and promises for their answers. */
export class Questions {
  constructor() {
    this.next = 1;
    this.open = new Map();
  }

  /** A message with a number, and the promise of its answer. */
  ask(message) {
    const id = this.next++;
    const answer = new Promise((resolve, reject) => this.open.set(id, { resolve, reject }));
    return [{ ...message, id }, answer];
  }

  /** Hand an answer to who asked; false where nobody did. */
  answer(message) {
    const asked = this.open.get(message.id);
    if (!asked) return false;
    this.open.delete(message.id);
    if (message.type === "error") asked.reject(new Refused(message.text));
    else asked.resolve(message);
    return true;
  }

  /** The connection is gone: nobody will answer. */
  lose() {
    for (const { reject } of this.open.values()) reject(new Lost());
    this.open.clear();
  }
}

/** The server said no, and why. */
export class Refused extends Error {}
/** The connection broke before the answer came. */
export class Lost extends Error {}
