// node-oidc-provider as a peer: `node server.js '{"port":…,"adapter":"map|sqlite|postgresql","database":…,…}'`.
// POST /bench/chains?scope=…&count=… makes refresh tokens as a finished code flow would leave them.

import { createServer } from 'node:http';

import Provider, { errors } from 'oidc-provider';

import { settings } from './settings.js';

const asked = JSON.parse(process.argv[2]);
const { open } = await import(`./adapters/${asked.adapter}.js`);
const { Adapter, about } = await open(asked.database);
const provider = new Provider(asked.issuer, settings(Adapter, errors, asked));
provider.on('server_error', (ctx, error) => console.error(error));

async function chain(scope) {
  const client = await provider.Client.find(asked.web);
  const grant = new provider.Grant({ accountId: 'bench', clientId: asked.web });
  grant.addOIDCScope(scope);
  grant.addResourceScope(asked.api, 'api:read');
  const grantId = await grant.save();
  const token = new provider.RefreshToken({
    accountId: 'bench', client, grantId, scope, resource: asked.api, gty: 'authorization_code', rotations: 0,
    authTime: Math.floor(Date.now() / 1000), expiresWithSession: false, sessionUid: 'bench',
  });
  return token.save();
}

async function chains(request, response) {
  const query = new URL(request.url, asked.issuer).searchParams;
  const tokens = [];
  for (let n = Number(query.get('count')); n > 0; n -= 1) tokens.push(await chain(query.get('scope')));
  response.end(JSON.stringify(tokens));
}

const answer = provider.callback();
createServer((request, response) => {
  if (request.url.startsWith('/bench/chains')) chains(request, response).catch((error) => response.destroy(error));
  else answer(request, response);
}).listen(asked.port, '127.0.0.1', () => console.log(`node ${process.version}, ${about}`));
