// The connection to the server: asks, listens, and comes back by itself when it breaks. Knows no screen.

import { decode, Questions } from "./protocol.js";

const WAITS = [300, 700, 1500, 3000, 5000]; // milliseconds before each further try
const FINAL = { 1008: "refused", 1009: "too_big", 4000: "taken" };

/**
 * hello(): the first message of every connection. heard(message): every message that is not the answer to a question
 * alone. changed(state): "open", "broken" (it will be tried again) or "closed" with a reason. `second`, where it is set,
 * is asked whether a first hello that was refused may be followed by another one.
 * Socket and later (setTimeout) can be given, for tests.
 */
export class Connection {
  constructor({ address, hello, heard, changed, Socket = WebSocket, later = (f, ms) => setTimeout(f, ms) }) {
    Object.assign(this, { address, hello, heard, changed, Socket, later });
    this.questions = new Questions();
    this.tries = 0;
    this.state = "new";
  }

  open() {
    let socket;
    try {
      socket = new this.Socket(this.address);
    } catch {
      this.lost(this.socket, 1006); // some browsers throw where others close
      return;
    }
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.greet(socket);
    socket.onmessage = ({ data }) => this.hear(data);
    socket.onclose = ({ code }) => this.lost(socket, code);
  }

  greet(socket) {
    const [message, answer] = this.questions.ask(this.hello());
    socket.send(JSON.stringify(message));
    answer.then(
      () => this.turn("open"),
      () => {}, // what was wrong has been said; the server closes
    );
  }

  hear(data) {
    const message = typeof data === "string" ? JSON.parse(data) : decode(data);
    if (message.type === "welcome") this.tries = 0;
    this.heard(message);
    this.questions.answer(message);
  }

  lost(socket, code) {
    if (socket !== this.socket) return;
    this.questions.lose();
    if (this.state === "new" && FINAL[code] === "refused" && this.second?.()) {
      this.open();
      return;
    }
    if (FINAL[code]) {
      this.turn("closed", FINAL[code]);
      return;
    }
    const wait = WAITS[Math.min(this.tries, WAITS.length - 1)];
    this.tries += 1;
    this.turn("broken", code === 1013 ? "full" : code === 4001 ? "died" : "lost");
    this.later(() => socket === this.socket && this.open(), wait);
  }

  turn(state, reason = null) {
    this.state = state;
    this.changed(state, reason);
  }

  get ready() {
    return this.state === "open" && this.socket.readyState === 1;
  }

  /** Send a message that wants no answer. */
  send(message) {
    if (this.ready) this.socket.send(JSON.stringify(message));
  }

  /** Ask, and give a promise of the answer. */
  ask(message) {
    const [numbered, answer] = this.questions.ask(message);
    if (this.ready) this.socket.send(JSON.stringify(numbered));
    else this.questions.lose();
    return answer;
  }
}
