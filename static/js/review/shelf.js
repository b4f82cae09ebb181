// Where answers lie until they are sent: one key of localStorage for each, so that two tabs that
// write at the same moment touch different keys and neither overwrites the other.
export class Shelf {
  constructor(name) {
    this.name = name;
    this.prefix = `${name}.`;
    // What the browser would not store, by id: kept in the page itself.
    this.memory = new Map();
    this.lastAt = 0;
    this.takeOver();
  }

  // All entries of all tabs, oldest first.
  entries() {
    const byId = new Map([...this.stored().map((entry) => [entry.id, entry]), ...this.memory]);
    return [...byId.values()].sort((one, other) => one.at - other.at);
  }

  stored() {
    try {
      const keys = Object.keys(localStorage).filter((key) => this.holds(key));
      return keys.map((key) => parsed(localStorage.getItem(key))).filter((entry) => entry?.id);
    } catch {
      return [];
    }
  }

  holds(key) {
    return Boolean(key?.startsWith(this.prefix));
  }

  isFragile() {
    return this.memory.size > 0;
  }

  // Two entries of one tab never have the same moment: their order is that of the answers.
  add(entry) {
    this.lastAt = Math.max(Date.now(), this.lastAt + 1);
    this.write({ ...entry, at: this.lastAt });
  }

  // False when the entry is no longer there: it must not come back by being changed.
  update(id, changes) {
    const entry = this.entries().find((other) => other.id === id);
    if (entry) this.write({ ...entry, ...changes });
    return Boolean(entry);
  }

  remove(id) {
    this.memory.delete(id);
    try {
      localStorage.removeItem(this.prefix + id);
    } catch {
      // No storage here: there was nothing in it.
    }
  }

  write(entry) {
    try {
      localStorage.setItem(this.prefix + entry.id, JSON.stringify(entry));
      this.memory.delete(entry.id);
    } catch {
      // Full or forbidden: from now on in the page, with a warning before it is left.
      this.memory.set(entry.id, entry);
    }
  }

  // Earlier versions kept all entries under one key; a tab opened before may still do so.
  takeOver() {
    try {
      const earlier = parsed(localStorage.getItem(this.name));
      if (!Array.isArray(earlier)) return;
      earlier.forEach((entry) => this.add(entry));
      localStorage.removeItem(this.name);
    } catch {
      // No storage here, so nothing from before.
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
