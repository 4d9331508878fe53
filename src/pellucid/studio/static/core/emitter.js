// Who wants to hear of what. Knows no screen.

export class Emitter {
  constructor() {
    this.listeners = new Map();
  }

  on(name, listener) {
    for (const one of name.split(" ")) {
      if (!this.listeners.has(one)) this.listeners.set(one, new Set());
      this.listeners.get(one).add(listener);
    }
    return this;
  }

  emit(name, ...values) {
    for (const listener of [...(this.listeners.get(name) ?? [])]) listener(...values);
  }
}
