// What node-oidc-provider is told: the same clients, resources, scopes, algorithms and rotation as Mintmark gets.

import { generateKeyPairSync } from 'node:crypto';

function privateJwk(kind, options, extra) {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', ...extra };
}

export function resources({ api, opaque }) {
  const jwt = { scope: 'api:read api:write', audience: api, accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } };
  const reference = { scope: 'opaque:read', audience: opaque, accessTokenTTL: 600, accessTokenFormat: 'opaque' };
  return { [api]: jwt, [opaque]: reference };
}

export function settings(Adapter, errors, asked) {
  const known = resources(asked);
  return {
    adapter: Adapter,
    clients: asked.clients,
    jwks: {
      keys: [
        privateJwk('ec', { namedCurve: 'P-256' }, { kid: 'es256', alg: 'ES256' }),
        privateJwk('rsa', { modulusLength: 2048 }, { kid: 'rs256', alg: 'RS256' }),
      ],
    },
    cookies: { keys: ['one key that signs cookies'] },
    scopes: ['openid', 'offline_access', 'api:read', 'api:write', 'opaque:read'],
    rotateRefreshToken: true,
    ttl: { RefreshToken: 2592000, Grant: 7776000, IdToken: 600, ClientCredentials: 600, AccessToken: 600 },
    findAccount: async (ctx, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (ctx, resource) => {
          if (!known[resource]) throw new errors.InvalidTarget();
          return known[resource];
        },
      },
    },
  };
}
