import assert from "node:assert/strict";
import { test } from "node:test";
import { App } from "../../../src/pellucid/studio/static/core/app.js";
import { binary } from "./messages.mjs";

class FakeSocket {
  readyState = 1;
  sent = [];
  constructor() {
    FakeSocket.last = this;
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  say(message) {
    this.onmessage({ data: message instanceof ArrayBuffer ? message : JSON.stringify(message) });
  }
  of(type) {
    return this.sent.filter((message) => message.type === type);
  }
}

const LAYERS = [{ units: 8, activation: "tanh", dropout: 0, init: null }];
const STATE = { v: 1, data: { kind: "moons", noise: 0.2 }, features: ["x1", "x2"], seed: 0, network: { layers: LAYERS, loss: null }, training: { optimizer: { name: "adam", learning_rate: 0.01 }, l2: 0 }, view: null };
const turns = () => new Promise((resolve) => setImmediate(resolve));

async function ready(first = { run: null, state: null }) {
  const waiting = [];
  const app = new App({ address: "ws://x/live", first, schedule: (draw) => waiting.push(draw), Socket: FakeSocket, later: () => {} });
  app.start();
  const socket = FakeSocket.last;
  socket.onopen();
  socket.say({ type: "welcome", id: socket.sent[0].id, run: "r1", options: { limits: { layers: 8, units: 64 } } });
  socket.say({ type: "state", state: STATE, run_number: 1, shapes: { inputs: ["x1", "x2"], layers: [] }, status: { step: 0, end: 0, first: 0 } });
  await turns();
  return { app, socket, waiting };
}

const frame = (number, arrays = {}, more = {}) => binary({ type: "frame", frame: number, step: number, epoch: 0, playing: true, end: number, ...more }, arrays);

test("only the newest frame is drawn, and every one is answered", async () => {
  const { app, socket, waiting } = await ready();
  const drawn = [];
  app.on("frame", () => drawn.push(app.frame.step));
  for (const number of [1, 2, 3]) socket.say(frame(number));
  assert.equal(waiting.length, 1);
  waiting.shift()();
  assert.deepEqual(drawn, [3]);
  assert.deepEqual(socket.of("drawn").map((m) => m.frame), [1, 2, 3]);
  socket.say(frame(4));
  assert.equal(waiting.length, 1);
});

test("a status that came after a frame is not undone when the frame is drawn", async () => {
  const { app, socket, waiting } = await ready();
  socket.say(frame(3));
  socket.say({ type: "status", id: null, playing: false, step: 8, epoch: 4, end: 8, first: 0, stopped: "epochs" });
  waiting.shift()();
  assert.equal(app.status.step, 8);
  assert.equal(app.status.playing, false);
});

test("what only some frames carry is kept from those that were skipped", async () => {
  const { app, socket, waiting } = await ready();
  socket.say(frame(1, { history: { data: new Float32Array([1, 0.5]), shape: [2, 1] }, inputs: { data: new Uint8Array([1, 2]), shape: [2, 1, 1] } }, { history: ["epoch", "loss"], inputs: { low: [0, 0], high: [1, 1] } }));
  socket.say(frame(2));
  waiting.shift()();
  assert.equal(app.frame.step, 2);
  assert.deepEqual(app.sticky.history.header, ["epoch", "loss"]);
  assert.deepEqual(app.sticky.inputs.header, { low: [0, 0], high: [1, 1] });
});

test("a frame that cannot be drawn is answered all the same", async () => {
  const { app, socket, waiting } = await ready();
  app.on("frame", () => {
    throw new Error("a panel broke");
  });
  socket.say(frame(1));
  assert.throws(waiting.shift());
  assert.deepEqual(socket.of("drawn").map((m) => m.frame), [1]);
});

test("changes that come while one is under way are sent as one", async () => {
  const { app, socket } = await ready();
  for (const noise of [0.1, 0.2, 0.3]) app.change({ data: { kind: "moons", noise } });
  app.change({ validation: 0.3 });
  assert.equal(socket.of("set").length, 1);
  socket.say({ type: "done", id: socket.of("set")[0].id });
  await turns();
  const sets = socket.of("set");
  assert.equal(sets.length, 2);
  assert.deepEqual(sets[1].state, { data: { kind: "moons", noise: 0.3 }, validation: 0.3 });
});

test("dragging the scrubber asks for the last place only, within what there is", async () => {
  const { app, socket } = await ready();
  app.status.end = 100;
  for (const step of [10, 20, 30, 900]) app.seek(step, false);
  socket.say({ type: "status", id: socket.of("seek")[0].id, step: 10, end: 100 });
  await turns();
  assert.deepEqual(socket.of("seek").map((m) => m.step), [10, 100]);
});

test("what the server refuses is said, and the page goes back to what holds", async () => {
  const { app, socket } = await ready();
  const [troubles, states] = [[], []];
  app.on("trouble", (text) => troubles.push(text)).on("state", () => states.push(app.state.data.noise));
  app.change({ data: { kind: "moons", noise: 99 } });
  socket.say({ type: "error", id: socket.of("set")[0].id, text: "noise: at most 1" });
  await turns();
  assert.deepEqual(troubles, ["noise: at most 1"]);
  assert.deepEqual(states, [0.2]);
  socket.say({ type: "error", id: null, text: "odd" });
  assert.deepEqual(troubles, ["noise: at most 1", "odd"]);
});

test("a link that is refused is told, and the page begins with the usual state", async () => {
  const app = new App({ address: "ws://x/live", first: { run: null, state: { data: { kind: "nothing" } } }, schedule: () => {}, Socket: FakeSocket, later: () => {} });
  const told = [];
  app.on("link", (text) => told.push(text));
  app.start();
  const socket = FakeSocket.last;
  socket.onopen();
  assert.deepEqual(socket.sent[0].state, { data: { kind: "nothing" } });
  socket.say({ type: "error", id: null, text: "no such data" });
  socket.onclose({ code: 1008 });
  assert.deepEqual(told, ["no such data"]);
  assert.notEqual(FakeSocket.last, socket);
  FakeSocket.last.onopen();
  assert.equal(FakeSocket.last.sent[0].state, null);
  // Refused again, it is not the link: the page says so and stays closed.
  const states = [];
  app.on("connection", (...told) => states.push(told));
  FakeSocket.last.onclose({ code: 1008 });
  assert.deepEqual(states, [["closed", "refused"]]);
});

test("layers and units change within their limits", async () => {
  const { app, socket } = await ready();
  const sent = () => socket.of("set").at(-1).state.network.layers.map((layer) => layer.units);
  app.addUnits(0, 1);
  assert.deepEqual(sent(), [9]);
  assert.equal("keep_weights" in socket.of("set").at(-1), false); // a link to it begins with the seed's weights too
  socket.say({ type: "done", id: socket.of("set").at(-1).id });
  await turns();
  app.addLayer();
  assert.deepEqual(sent(), [8, 8]);
  socket.say({ type: "done", id: socket.of("set").at(-1).id });
  await turns();
  app.removeLayer();
  assert.deepEqual(sent(), []);
  app.addUnits(5, 1);
  socket.say({ type: "done", id: socket.of("set").at(-1).id });
  await turns();
  assert.equal(socket.of("set").length, 3);
  app.addUnits(0, -100);
  assert.deepEqual(sent(), [1]);
});

test("the state that holds is what a page comes back with, own files left out", async () => {
  const { app, socket } = await ready();
  assert.equal(app.hello().run, "r1");
  assert.deepEqual(app.hello().state, STATE);
  socket.say({ type: "state", state: { ...STATE, data: { kind: "csv", target: "y" } }, run_number: 2, shapes: { inputs: [], layers: [] } });
  assert.deepEqual(app.hello().state.data, { kind: "moons" });
});

test("another run forgets the curves of the one before, a pinned one stays", async () => {
  const { app, socket } = await ready();
  app.sticky = { history: 1, pinned: 2, inputs: 3, confusion: 4 };
  socket.say({ type: "state", state: STATE, run_number: 2, shapes: { inputs: [], layers: [] } });
  assert.deepEqual(app.sticky, { inputs: 3, pinned: 2 });
});

test("clicks that come while one is under way are all counted", async () => {
  const { app, socket } = await ready();
  const sent = () => socket.of("set").at(-1);
  const units = () => sent().state.network.layers.map((layer) => layer.units);
  for (let k = 0; k < 4; k++) app.addUnits(0, 1);
  assert.deepEqual(units(), [9]);
  // The state comes before the answer is worked off, as it does from the server: it is not counted twice.
  socket.say({ type: "state", id: sent().id, state: { ...STATE, network: { ...STATE.network, layers: [{ ...LAYERS[0], units: 9 }] } }, run_number: 2, shapes: { inputs: [], layers: [] } });
  app.addUnits(0, 1);
  await turns();
  assert.deepEqual(units(), [13]);
  app.addLayer();
  app.addUnits(1, 1);
  app.addLayer();
  app.removeLayer(0);
  app.changeLayer(0, { activation: "relu" });
  socket.say({ type: "done", id: sent().id });
  await turns();
  assert.deepEqual(units(), [9, 8]);
  assert.equal(sent().state.network.layers[0].activation, "relu");
  // What is refused is not built upon.
  socket.say({ type: "error", id: sent().id, text: "no" });
  await turns();
  app.addUnits(0, 1);
  assert.deepEqual(units(), [10]);
});

test("the speed is that of the run, and a new run is told it", async () => {
  const { app, socket } = await ready();
  socket.say({ type: "status", id: null, playing: true, step: 1, epoch: 0, end: 1, first: 0, speed: 20 });
  assert.equal(app.speed, 20);
  assert.equal(socket.of("speed").length, 0);
  app.setSpeed(5);
  socket.say({ type: "status", id: null, playing: true, step: 2, epoch: 0, end: 2, first: 0, speed: 20 }); // under way before
  assert.equal(app.speed, 5);
  socket.say({ type: "done", id: socket.of("speed")[0].id });
  await turns();
  app.connection.open();
  const next = FakeSocket.last;
  next.onopen();
  next.say({ type: "welcome", id: next.sent[0].id, run: "r2", resumed: false, options: {} });
  await turns();
  assert.deepEqual(next.of("speed").map((m) => m.steps_per_second), [5]);
});

test("a file that was brought is learnt from when somebody says so, and not before", async () => {
  const { app, socket } = await ready();
  app.file = { name: "old.csv" };
  app.offered = { name: "new.csv" };
  app.learnFrom({ kind: "csv", target: "nothing" });
  socket.say({ type: "error", id: socket.of("set")[0].id, text: "no such column" });
  await turns();
  assert.deepEqual([app.file.name, app.offered.name], ["old.csv", "new.csv"]);
  app.learnFrom({ kind: "csv", target: "y" });
  socket.say({ type: "state", id: socket.of("set")[1].id, state: { ...STATE, data: { kind: "csv", target: "y" } }, run_number: 2, shapes: { inputs: [], layers: [] } });
  await turns();
  assert.deepEqual([app.file.name, app.offered], ["new.csv", null]);
});
