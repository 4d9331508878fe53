import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, differences, encode, merge, needsOwnData, worthGoingBackTo } from "../../../src/pellucid/studio/static/core/state.js";

const STATE = {
  v: 1,
  data: { kind: "spiral", n: 100, arms: 3, noise: 0.25, seed: 7 },
  features: ["x1", "x2^2", "sinx1"],
  standardize: true,
  validation: 0.2,
  seed: 42,
  network: { layers: [{ units: 8, activation: "tanh", dropout: 0, init: null }, { units: 4, activation: "relu", dropout: 0.25, init: "he" }], loss: null, output_init: null },
  training: { optimizer: { name: "adam", learning_rate: 0.003, beta1: 0.9 }, schedule: { name: "cosine", warmup: 0.1 }, batch_size: 32, l2: 0.001, l1: 0, clip_norm: null, epochs: 2000, engine: "auto" },
  view: { kind: "features", x: 0, y: 1 },
};

test("a link brings the whole state back, seed included", () => {
  assert.deepEqual(decode(`#${encode(STATE)}`), { ...STATE, network: { layers: STATE.network.layers } });
});

test("states of every kind come back", () => {
  const changes = [
    { network: { layers: [] } }, { training: { batch_size: null, clip_norm: 5 } }, { view: { kind: "components" } }, { features: null, data: { kind: "digits" } },
    { network: { loss: "squared_error", output_init: "zeros" } }, { standardize: false, validation: 0 }, { data: { kind: "csv", target: "price, in $ & €", task: "auto", drop: ["a b", "c=d"] }, features: null },
  ];
  for (const change of changes) {
    const state = merge(STATE, change);
    const back = merge({ ...STATE, features: null }, decode(encode(state)));
    assert.deepEqual(back, state, JSON.stringify(change));
  }
});

test("an address is short, plain, and holds no point drawn by hand", () => {
  const text = encode(STATE);
  assert.ok(text.length < 420, String(text.length));
  assert.match(text, /^[\w=&.,:^%+-]+$/);
  const drawn = encode(merge(STATE, { data: { kind: "drawn", values: false, points: [[0.123, 0.456, 1]] } }));
  assert.ok(!drawn.includes("0.123") && !drawn.includes("points"));
});

test("an address that somebody wrote or cut gives what can be read, never an error", () => {
  assert.equal(decode(""), null);
  assert.equal(decode("#somewhere"), null);
  assert.deepEqual(decode("#data=moons"), { v: 1, data: { kind: "moons" } });
  const odd = ["#data=%E0%A4%A", "#data=moons&layers=x:y,3:tanh", "#data=&&&=3", "#layers=none&view=a,b", "#data=moons&data.points=[[1,2,0]]&data.__proto__=3", "#data=moons&seed={", "#layers=8:tanh:a"];
  for (const text of odd) assert.equal(typeof decode(text), "object", text);
  assert.equal(decode("#data=moons&layers=x:y,3:tanh").network?.layers, undefined);
  assert.equal(decode("#data=drawn&data.points=[[1,2,0]]").data.points, undefined);
  assert.deepEqual(decode("#layers=none").network.layers, []);
});

test("ten thousand scrambled addresses are all read", () => {
  let seed = 1;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  const good = encode(STATE);
  for (let k = 0; k < 10_000; k++) {
    const signs = [...good];
    for (let j = 0; j < 1 + random(6); j++) signs[random(signs.length)] = String.fromCharCode(32 + random(95));
    const read = decode(signs.join("").slice(0, 20 + random(400)));
    assert.ok(read === null || typeof read === "object");
  }
});

test("a partial state is laid over another as the server does it", () => {
  const made = merge(STATE, { training: { l2: 0.5, optimizer: { name: "sgd", learning_rate: 1 } }, data: { kind: "xor" } });
  assert.equal(made.training.l2, 0.5);
  assert.equal(made.training.batch_size, 32);
  assert.deepEqual(made.training.optimizer, { name: "sgd", learning_rate: 1 });
  assert.deepEqual(made.data, { kind: "xor" });
  assert.equal(STATE.training.l2, 0.001);
});

test("what differs between two runs is named", () => {
  const after = merge(STATE, { seed: 1, training: { optimizer: { ...STATE.training.optimizer, learning_rate: 0.1 } } });
  assert.deepEqual(differences(STATE, after), [["seed", 42, 1], ["training.optimizer.learning_rate", 0.003, 0.1]]);
  assert.deepEqual(differences(STATE, structuredClone(STATE)), []);
});

test("other data or another network are worth a step back, a slider is not", () => {
  assert.equal(worthGoingBackTo(STATE, merge(STATE, { data: { kind: "xor" } })), true);
  assert.equal(worthGoingBackTo(STATE, merge(STATE, { network: { layers: [] } })), true);
  assert.equal(worthGoingBackTo(STATE, merge(STATE, { training: { l2: 1 }, validation: 0.3 })), false);
  assert.equal(worthGoingBackTo(STATE, merge(STATE, { data: { ...STATE.data, noise: 0.9 } })), false);
});

test("own data are known as such", () => {
  assert.deepEqual(["csv", "drawn", "moons"].map((kind) => needsOwnData({ data: { kind } })), [true, true, false]);
  assert.equal(needsOwnData(null), false);
});
