// The page's memory of the run, and everything that can be done to it. Knows no screen: panels listen and draw.

import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { added, changed, removed, widened } from "./layers.js";
import { Lost } from "./protocol.js";
import { merge, worthGoingBackTo } from "./state.js";

/**
 * Events: "state" (state or shapes changed), "data", "frame" (the newest, once a turn of the screen), "status",
 * "connection" (state, reason), "trouble" (text), "link" (why it was refused), "findings", "selected", "lit", "image", "busy" (a change is
 * under way, or no more), "words", "look", "pinned".
 */
export class App extends Emitter {
  constructor({ address, first, schedule, Socket, later }) {
    super();
    Object.assign(this, { schedule, first, run: first.run ?? null });
    this.options = null;
    this.state = null; // as the server completed it
    this.shapes = null;
    this.about = null; // the whole `state` message
    this.status = { playing: false, step: 0, epoch: 0, end: 0, first: 0, stopped: null, waiting: null, text: null };
    this.data = null;
    this.frame = null;
    this.sticky = {}; // arrays that only some frames carry
    this.file = null; // that the run learns from, or learnt from last
    this.offered = null; // brought, and not learnt from yet
    this.speed = null; // steps a second; null: as many as it can
    this.findings = null;
    this.selected = null; // {row, part}: the point that Inside walks
    this.watching = { fps: 30, grid: 64, units: true, parameters: true, histograms: false, confusion: false, history: true, findings: true };
    this.wanted = null; // a change that waits for the one under way
    this.sent = null; // the change under way
    this.changing = false;
    this.accepted = null; // the promise of the changes under way
    const heard = (message) => this.hear(message);
    const changed = (state, reason) => this.turned(state, reason);
    this.connection = new Connection({ address, hello: () => this.hello(), heard, changed, Socket, later });
    this.connection.second = () => this.second();
  }

  start() {
    this.connection.open();
  }

  hello() {
    return { type: "hello", run: this.run, state: this.state ? sendable(this.state) : this.first.state };
  }

  /** The state to begin with was refused, from a link that somebody wrote or cut: begin with the usual one. */
  second() {
    if (!this.first.state) return false;
    this.emit("link", this.refusal);
    this.first.state = null;
    return true;
  }

  turned(state, reason) {
    if (state === "open") this.ask({ type: "watch", ...this.watching });
    if (state === "open" && !this.resumed && this.speed !== null) this.setSpeed(this.speed);
    if (reason === "died") this.run = null;
    this.emit("connection", state, reason);
  }

  hear(message) {
    this[`heard_${message.type}`]?.(message);
  }

  heard_welcome(message) {
    this.run = message.run;
    this.options = message.options;
    this.file = message.file ?? null;
    this.offered = message.offered ?? null;
    this.resumed = message.resumed;
    this.version = message.version;
    this.emit("welcome", message);
  }

  heard_state(message) {
    const before = this.state;
    this.about = message;
    this.state = message.state;
    this.shapes = message.shapes;
    if (before && message.run_number !== this.runNumber) this.sticky = { inputs: this.sticky.inputs, pinned: this.sticky.pinned };
    this.runNumber = message.run_number;
    if (message.status) this.heard_status(message.status);
    this.emit("state", before && worthGoingBackTo(before, this.state));
  }

  heard_status(message) {
    if (message.speed !== undefined && !this.speeding) this.speed = message.speed;
    const { playing, step, epoch, end, first, engine, waiting, stopped, text } = message;
    this.status = { playing, step, epoch, end, first: first ?? 0, engine, waiting, stopped, text };
    this.emit("status");
  }

  heard_data(message) {
    this.data = message;
    this.emit("data");
    if (this.about?.image) this.showImage(this.selected?.row ?? message.arrays.row.data[0]);
  }

  /** For rows that are images: the one that stands before the network. */
  async showImage(row) {
    const answer = await this.ask({ type: "rows", start: row, count: 1 });
    if (answer?.rows.length && this.about.image) this.useImage(answer.rows[0].x);
  }

  useImage(image) {
    this.image = image;
    this.emit("image");
  }

  heard_frame(message) {
    for (const name of ["inputs", "pinned", "history", "confusion", "answers", "hist_W", "hist_a", "hist_g"]) {
      if (message.arrays[name]) this.sticky[name] = { ...message.arrays[name], header: message[name] ?? message.histograms };
    }
    // At once, in the order of the messages: when it is drawn, a status may have come that is newer.
    const { step, epoch, playing, end } = message;
    Object.assign(this.status, { step, epoch, playing, end });
    if (message.histograms) this.sticky.histograms = message.histograms;
    if (message.history) this.sticky.historyNames = message.history;
    const waiting = this.unseen !== undefined;
    if (waiting) this.connection.send({ type: "drawn", frame: this.unseen.frame });
    this.unseen = message;
    if (!waiting) this.schedule(() => this.show());
  }

  show() {
    const frame = this.unseen;
    this.unseen = undefined;
    if (!frame) return;
    this.frame = frame;
    try {
      this.emit("frame");
    } finally {
      this.connection.send({ type: "drawn", frame: frame.frame });
    }
  }

  heard_findings(message) {
    this.findings = message;
    this.emit("findings");
  }

  heard_pinned(message) {
    this.emit("pinned", message);
  }

  heard_error(message) {
    if (this.connection.state === "new" && !this.state) this.refusal = message.text;
    else if (message.id === null || message.id === undefined) this.emit("trouble", message.text);
  }

  /** Ask the server; what it refuses is said to the user, and gives null. A broken connection is shown elsewhere. */
  async ask(message) {
    try {
      return await this.connection.ask(message);
    } catch (error) {
      if (!(error instanceof Lost)) this.emit("trouble", error.message);
      return null;
    }
  }

  /** The state as it will be when what was asked for has been done: what the next change is made from. */
  get intended() {
    return [this.sent, this.wanted].reduce((state, partial) => (partial ? merge(state, partial) : state), this.state);
  }

  /**
   * Ask for another state. Changes that come while one is under way are put together: a slider sends its last place.
   * A new run begins with the seed's weights, never with those of now, so that a link to it gives the same run.
   */
  change(partial) {
    this.wanted = this.wanted ? merge(this.wanted, partial) : partial;
    if (!this.changing) this.accepted = this.sendChanges();
    return this.accepted;
  }

  /** Gives whether the last change was accepted. */
  async sendChanges() {
    this.changing = true;
    this.emit("busy");
    let answer = null;
    try {
      while (this.wanted) {
        [this.sent, this.wanted] = [this.wanted, null];
        answer = await this.ask({ type: "set", state: this.sent });
        this.sent = null;
        if (!answer) this.emit("state", false); // back to what holds
      }
    } finally {
      this.sent = null;
      this.changing = false;
      this.emit("busy");
    }
    return answer !== null;
  }

  changeTraining = (partial) => this.change({ training: partial });
  changeLayers = (layers) => (layers ? this.change({ network: { layers } }) : undefined);

  /** The hidden layers, as they will be once all that is asked for is done. */
  get layers() {
    return this.intended.network.layers;
  }

  /** Learn from a file: from the one that was brought last. */
  async learnFrom(data) {
    const [before, offered] = [this.file, this.offered];
    this.file = offered ?? before;
    if (!(await this.change({ data }))) this.file = before;
    else if (this.offered === offered) this.offered = null;
  }

  async setSpeed(steps_per_second) {
    this.speed = steps_per_second;
    this.speeding = true; // a status that was under way knows nothing of it
    try {
      await this.ask({ type: "speed", steps_per_second });
    } finally {
      this.speeding = false;
    }
  }

  /** Ask for more or less in each frame. */
  watch(partial) {
    const before = JSON.stringify(this.watching);
    Object.assign(this.watching, partial);
    if (JSON.stringify(this.watching) !== before) this.ask({ type: "watch", ...this.watching });
  }

  toggle = () => this.ask({ type: this.status.playing ? "pause" : "play" });
  play = () => this.ask({ type: "play" });
  pause = () => this.ask({ type: "pause" });
  step = (count = 1) => this.ask({ type: "step", count });
  epoch = (count = 1) => this.ask({ type: "epoch", count });
  reset = () => this.ask({ type: "reset" });
  reseed = () => this.ask({ type: "reseed" });

  /** Go to a step. While a handle is dragged only the last place asked for counts. */
  async seek(step, exact = true) {
    this.seekTo = { step: Math.max(this.status.first, Math.min(this.status.end, Math.round(step))), exact };
    if (this.seeking) return;
    this.seeking = true;
    try {
      while (this.seekTo) {
        const next = this.seekTo;
        this.seekTo = null;
        await this.ask({ type: "seek", ...next });
      }
    } finally {
      this.seeking = false;
    }
  }

  select(row, part) {
    this.selected = row === null ? null : { row, part };
    this.emit("selected");
    if (row !== null && this.about?.image) this.showImage(row);
  }

  /** Light a part of the picture: {column, links}, or null. */
  light = (part) => this.emit("lit", part);

  // Layers and units, as buttons and keys change them.

  addLayer = (at = null) => this.changeLayers(added(this.layers, at, this.options.limits.layers));
  removeLayer = (at = null) => this.changeLayers(removed(this.layers, at));
  changeLayer = (at, partial) => this.changeLayers(changed(this.layers, at, partial));
  addUnits = (at, count) => this.changeLayers(widened(this.layers, at, count, this.options.limits.units));
}

/** What a new run is asked for with: the points drawn by hand go along, an uploaded file cannot. */
function sendable(state) {
  return state.data.kind === "csv" ? { ...state, data: { kind: "moons" } } : state;
}
