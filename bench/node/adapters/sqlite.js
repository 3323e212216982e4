// A durable adapter on better-sqlite3: WAL, synchronous=FULL, every call committed before it returns,
// and a guarded consume, so that one of two at once is refused.

import Database from 'better-sqlite3';
import { errors } from 'oidc-provider';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS artifact (
    model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL,
    grant_id TEXT, uid TEXT, consumed_at INTEGER, expires_at INTEGER,
    PRIMARY KEY (model, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS artifact_grant ON artifact (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS artifact_uid ON artifact (uid) WHERE uid IS NOT NULL;
`;

export async function open(path) {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(SCHEMA);
  const version = db.prepare('SELECT sqlite_version() AS v').get().v;
  return { Adapter: adapter(statements(db)), about: `better-sqlite3, SQLite ${version}, WAL, FULL` };
}

function statements(db) {
  return {
    upsert: db.prepare(`INSERT INTO artifact (model, id, payload, grant_id, uid, expires_at) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`),
    find: db.prepare('SELECT payload, consumed_at, expires_at FROM artifact WHERE model = ? AND id = ?'),
    byUid: db.prepare('SELECT payload, consumed_at, expires_at FROM artifact WHERE model = ? AND uid = ?'),
    consume: db.prepare('UPDATE artifact SET consumed_at = ? WHERE model = ? AND id = ? AND consumed_at IS NULL'),
    destroy: db.prepare('DELETE FROM artifact WHERE model = ? AND id = ?'),
    revoke: db.prepare('DELETE FROM artifact WHERE grant_id = ?'),
  };
}

const now = () => Math.floor(Date.now() / 1000);

function read(row) {
  if (!row || (row.expires_at && row.expires_at < now())) return undefined;
  const payload = JSON.parse(row.payload);
  if (row.consumed_at) payload.consumed = row.consumed_at;
  return payload;
}

function adapter(sql) {
  return class SqliteAdapter {
    constructor(model) {
      this.model = model;
    }

    async upsert(id, payload, expiresIn) {
      const expires = expiresIn ? now() + expiresIn : null;
      sql.upsert.run(this.model, id, JSON.stringify(payload), payload.grantId ?? null, payload.uid ?? null, expires);
    }

    async find(id) {
      return read(sql.find.get(this.model, id));
    }

    async findByUid(uid) {
      return read(sql.byUid.get(this.model, uid));
    }

    async findByUserCode() {
      return undefined; // no device flow in this benchmark
    }

    async consume(id) {
      if (sql.consume.run(now(), this.model, id).changes !== 1) throw new errors.InvalidGrant('already used');
    }

    async destroy(id) {
      sql.destroy.run(this.model, id);
    }

    async revokeByGrantId(grantId) {
      sql.revoke.run(grantId);
    }
  };
}
