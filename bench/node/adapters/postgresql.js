// A durable adapter on pg: named (prepared) statements, a pool of ten, jsonb payloads, a guarded consume.

import pg from 'pg';
import { errors } from 'oidc-provider';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS artifact (
    model text NOT NULL, id text NOT NULL, payload jsonb NOT NULL,
    grant_id text, uid text, consumed_at bigint, expires_at bigint,
    PRIMARY KEY (model, id)
  );
  CREATE INDEX IF NOT EXISTS artifact_grant ON artifact (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS artifact_uid ON artifact (uid) WHERE uid IS NOT NULL;
`;

const STATEMENTS = {
  upsert: `INSERT INTO artifact (model, id, payload, grant_id, uid, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`,
  find: 'SELECT payload, consumed_at, expires_at FROM artifact WHERE model = $1 AND id = $2',
  byUid: 'SELECT payload, consumed_at, expires_at FROM artifact WHERE model = $1 AND uid = $2',
  consume: 'UPDATE artifact SET consumed_at = $1 WHERE model = $2 AND id = $3 AND consumed_at IS NULL',
  destroy: 'DELETE FROM artifact WHERE model = $1 AND id = $2',
  revoke: 'DELETE FROM artifact WHERE grant_id = $1',
};

export async function open(url) {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  await pool.query(SCHEMA);
  const { rows } = await pool.query('SHOW server_version');
  const run = (name, ...values) => pool.query({ name, text: STATEMENTS[name], values });
  return { Adapter: adapter(run), about: `pg, PostgreSQL ${rows[0].server_version}` };
}

const now = () => Math.floor(Date.now() / 1000);

function read({ rows: [row] }) {
  if (!row || (row.expires_at && Number(row.expires_at) < now())) return undefined;
  if (row.consumed_at) row.payload.consumed = Number(row.consumed_at);
  return row.payload;
}

function adapter(run) {
  return class PostgresqlAdapter {
    constructor(model) {
      this.model = model;
    }

    async upsert(id, payload, expiresIn) {
      const expires = expiresIn ? now() + expiresIn : null;
      await run('upsert', this.model, id, payload, payload.grantId ?? null, payload.uid ?? null, expires);
    }

    async find(id) {
      return read(await run('find', this.model, id));
    }

    async findByUid(uid) {
      return read(await run('byUid', this.model, uid));
    }

    async findByUserCode() {
      return undefined; // no device flow in this benchmark
    }

    async consume(id) {
      const { rowCount } = await run('consume', now(), this.model, id);
      if (rowCount !== 1) throw new errors.InvalidGrant('already used');
    }

    async destroy(id) {
      await run('destroy', this.model, id);
    }

    async revokeByGrantId(grantId) {
      await run('revoke', grantId);
    }
  };
}
