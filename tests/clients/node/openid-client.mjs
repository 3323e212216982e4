// openid-client 6 against the demo: https://github.com/panva/openid-client
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import * as client from "openid-client";
import { atHash, callback, clientId, clientSecret, issuer, scope, signIn, spaClientId } from "./person.mjs";

const signatures = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
const discover = (id, authentication) => client.discovery(new URL(issuer), id, undefined, authentication, signatures);

async function begin(config, more = {}) {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedNonce: client.randomNonce(),
    expectedState: client.randomState(),
    idTokenExpected: true,
  };
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    ...more,
  });
  return { address, checks };
}

async function tokensFor(config, more) {
  const { address, checks } = await begin(config, more);
  return client.authorizationCodeGrant(config, await signIn(address), checks);
}

const ways = {
  client_secret_basic: [clientId, client.ClientSecretBasic(clientSecret)],
  client_secret_post: [clientId, client.ClientSecretPost(clientSecret)],
  none: [spaClientId, client.None()],
};

for (const [name, [id, authentication]] of Object.entries(ways)) {
  describe(`authenticating with ${name}`, () => {
    let config;
    before(async () => {
      config = await discover(id, authentication);
    });

    test("a code becomes tokens whose ID token is checked, and UserInfo is of the same person", async () => {
      const tokens = await tokensFor(config);
      const claims = tokens.claims();
      const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);

      assert.equal(claims.iss, issuer);
      assert.equal(claims.at_hash, await atHash(tokens.access_token));
      assert.ok(claims.sid && claims.auth_time && claims.acr && claims.amr);
      assert.ok(person.email && person.name);
    });

    test("a refresh rotates, and its ID token speaks of the same sign-in", async () => {
      const first = await tokensFor(config);
      const second = await client.refreshTokenGrant(config, first.refresh_token);

      assert.notEqual(second.refresh_token, first.refresh_token);
      assert.equal(second.claims().sub, first.claims().sub);
      assert.equal(second.claims().auth_time, first.claims().auth_time);
    });

    test("revoking the refresh token ends what hangs on it", async () => {
      const tokens = await tokensFor(config);
      await client.tokenRevocation(config, tokens.refresh_token);

      await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
      await assert.rejects(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), { status: 401 });
    });
  });
}

test("a client's own token is introspected, and inactive once it was revoked", async () => {
  const config = await discover(clientId, client.ClientSecretBasic(clientSecret));
  const tokens = await client.clientCredentialsGrant(config, { scope: "demo:write", resource: `${issuer}/demo` });
  const live = await client.tokenIntrospection(config, tokens.access_token);
  await client.tokenRevocation(config, tokens.access_token);
  const over = await client.tokenIntrospection(config, tokens.access_token);

  assert.equal(live.active, true);
  assert.equal(live.aud, `${issuer}/demo`);
  assert.deepEqual(over, { active: false });
});

test("a refusal comes with state and iss, which are checked before it is told", async () => {
  const config = await discover(clientId, client.ClientSecretBasic(clientSecret));
  const { address, checks } = await begin(config, { prompt: "consent" });

  await assert.rejects(client.authorizationCodeGrant(config, await signIn(address, "deny"), checks), {
    error: "access_denied",
  });
});

test("another issuer in the answer is noticed", async () => {
  const config = await discover(clientId, client.ClientSecretBasic(clientSecret));
  const { address, checks } = await begin(config);
  const back = await signIn(address);
  back.searchParams.set("iss", "https://evil.example");

  await assert.rejects(client.authorizationCodeGrant(config, back, checks), (error) => /"iss"/.test(error.cause.message));
});
