import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection } from "../../../src/pellucid/studio/static/core/connection.js";
import { decode, Lost, Questions, Refused } from "../../../src/pellucid/studio/static/core/protocol.js";
import { binary } from "./messages.mjs";

test("a binary message is read without a copy", () => {
  const arrays = { W1: { data: new Float32Array([1, 2, 3, 4, 5, 6]), shape: [2, 3] }, maps: { data: new Uint8Array([7, 8, 9]), shape: [3] }, row: { data: new Int32Array([-1]), shape: [1] } };
  const buffer = binary({ type: "frame", step: 3, name: "größe 数" }, arrays);
  const read = decode(buffer);
  assert.equal(read.step, 3);
  assert.equal(read.name, "größe 数");
  for (const [name, { data, shape }] of Object.entries(arrays)) {
    assert.deepEqual([...read.arrays[name].data], [...data]);
    assert.deepEqual(read.arrays[name].shape, shape);
    assert.equal(read.arrays[name].data.buffer, buffer);
  }
});

test("a message that is cut or lies is an error", () => {
  const whole = binary({ type: "frame" }, { W1: { data: new Float32Array([1, 2]), shape: [2] } });
  for (const length of [0, 3, 4, 9, whole.byteLength - 8]) assert.throws(() => decode(whole.slice(0, length)));
});

test("answers reach who asked, once", async () => {
  const questions = new Questions();
  const [first, answer] = questions.ask({ type: "step" });
  const [second, refused] = questions.ask({ type: "set" });
  assert.notEqual(first.id, second.id);
  assert.equal(questions.answer({ type: "status", id: first.id, step: 1 }), true);
  assert.equal(questions.answer({ type: "status", id: first.id }), false);
  questions.answer({ type: "error", id: second.id, text: "no such optimizer" });
  assert.equal((await answer).step, 1);
  await assert.rejects(refused, (error) => error instanceof Refused && error.message === "no such optimizer");
  const [, never] = questions.ask({ type: "play" });
  questions.lose();
  await assert.rejects(never, Lost);
});

class FakeSocket {
  static made = [];
  readyState = 1;
  sent = [];
  constructor(address) {
    this.address = address;
    FakeSocket.made.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  say(message) {
    this.onmessage({ data: typeof message === "string" || message instanceof ArrayBuffer ? message : JSON.stringify(message) });
  }
}

function connection() {
  FakeSocket.made = [];
  const [heard, states, waits] = [[], [], []];
  const made = new Connection({
    address: "ws://127.0.0.1:1/live", hello: () => ({ type: "hello", run: null, state: null }), heard: (m) => heard.push(m), changed: (state, reason) => states.push([state, reason]),
    Socket: FakeSocket, later: (f, ms) => waits.push([ms, f]),
  });
  made.open();
  return { made, heard, states, waits, socket: () => FakeSocket.made.at(-1) };
}

async function greeted(c) {
  c.socket().onopen();
  c.socket().say({ type: "welcome", id: c.socket().sent[0].id, run: "r" });
  await Promise.resolve();
  await Promise.resolve();
}

test("it says hello first and is open when it was welcomed", async () => {
  const c = connection();
  await greeted(c);
  assert.equal(c.socket().sent[0].type, "hello");
  assert.deepEqual(c.states, [["open", null]]);
  assert.equal(c.heard[0].type, "welcome");
  const asked = c.made.ask({ type: "step" });
  c.socket().say({ type: "done", id: c.socket().sent[1].id });
  assert.equal((await asked).type, "done");
});

test("a broken connection is tried again, later and later, and says what was lost", async () => {
  const c = connection();
  await greeted(c);
  const asked = c.made.ask({ type: "step" });
  c.socket().onclose({ code: 1006 });
  await assert.rejects(asked, Lost);
  assert.deepEqual(c.states.at(-1), ["broken", "lost"]);
  for (let k = 0; k < 4; k++) {
    c.waits.at(-1)[1]();
    c.socket().onclose({ code: 1006 });
  }
  const waits = c.waits.map(([ms]) => ms);
  assert.deepEqual([...waits].sort((a, b) => a - b), waits);
  c.waits.at(-1)[1]();
  await greeted(c);
  assert.equal(c.states.at(-1)[0], "open");
  c.socket().onclose({ code: 1006 });
  assert.equal(c.waits.at(-1)[0], waits[0]);
  await assert.rejects(c.made.ask({ type: "step" }), Lost);
});

test("a page that was refused or taken over does not come back; one whose run died does", async () => {
  for (const [code, reason] of [[1008, "refused"], [4000, "taken"], [1009, "too_big"]]) {
    const c = connection();
    await greeted(c);
    c.socket().onclose({ code });
    assert.deepEqual(c.states.at(-1), ["closed", reason]);
    assert.equal(c.waits.length, 0);
  }
  for (const [code, reason] of [[4001, "died"], [1013, "full"]]) {
    const c = connection();
    c.socket().onclose({ code });
    assert.deepEqual(c.states.at(-1), ["broken", reason]);
    assert.equal(c.waits.length, 1);
  }
});
