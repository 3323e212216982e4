// The fastest adapter there can be: one plain Map. Nothing survives a restart, nothing is ever forgotten.
// (The bundled memory adapter keeps 1,000 entries; a benchmark would measure its forgetting.)

const rows = new Map(); // "Model:id" -> payload
const grants = new Map(); // grant id -> keys of what hangs on it
const uids = new Map(); // session uid -> id

export async function open() {
  return { Adapter: MapAdapter, about: 'plain Map' };
}

class MapAdapter {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload) {
    const key = `${this.model}:${id}`;
    rows.set(key, payload);
    if (payload.uid) uids.set(payload.uid, id);
    if (!payload.grantId) return;
    const members = grants.get(payload.grantId);
    if (members) members.add(key);
    else grants.set(payload.grantId, new Set([key]));
  }

  async find(id) {
    return rows.get(`${this.model}:${id}`);
  }

  async findByUid(uid) {
    return this.find(uids.get(uid));
  }

  async findByUserCode() {
    return undefined; // no device flow in this benchmark
  }

  async consume(id) {
    const payload = rows.get(`${this.model}:${id}`);
    if (payload.consumed) throw new Error('consumed twice');
    payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    rows.delete(`${this.model}:${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const key of grants.get(grantId) ?? []) rows.delete(key);
    grants.delete(grantId);
  }
}
