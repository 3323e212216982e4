// openid-client 6 on https: form_post, and a key of the client's own.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as client from "openid-client";
import { atHash, issuer, returned } from "./person.mjs";

const callback = "http://127.0.0.1:4567/callback";
const secret = client.ClientSecretBasic(process.env.CLIENT_SECRET);
const options = { execute: [client.enableNonRepudiationChecks] };
const discover = (id, authentication) => client.discovery(new URL(issuer), id, undefined, authentication, options);

async function signingKey() {
  const pem = (await readFile(process.env.CLIENT_KEY, "utf8")).replace(/-----[^-]+-----|\s/g, "");
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("pkcs8", Buffer.from(pem, "base64"), algorithm, false, ["sign"]);
  return { key, kid: process.env.CLIENT_KEY_ID };
}

async function tokensFor(config, more = {}, build = client.buildAuthorizationUrl) {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedNonce: client.randomNonce(),
    expectedState: client.randomState(),
    idTokenExpected: true,
  };
  const address = await build(config, {
    redirect_uri: callback,
    scope: "openid profile email offline_access api:read",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    ...more,
  });
  return client.authorizationCodeGrant(config, await returned(address), checks);
}

for (const response_mode of ["query", "form_post"]) {
  test(`a code that came by ${response_mode} becomes tokens`, async () => {
    const config = await discover("openid-client", secret);
    const tokens = await tokensFor(config, { response_mode });
    const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);

    assert.equal(tokens.claims().at_hash, await atHash(tokens.access_token));
    assert.ok(person.email);
  });
}

test("a client with a key of its own signs in, refreshes, introspects and revokes", async () => {
  const config = await discover("openid-client-by-key", client.PrivateKeyJwt(await signingKey()));
  const first = await tokensFor(config);
  const second = await client.refreshTokenGrant(config, first.refresh_token);
  const live = await client.tokenIntrospection(config, second.refresh_token);
  await client.tokenRevocation(config, second.refresh_token);

  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(live.active, true);
  await assert.rejects(client.refreshTokenGrant(config, second.refresh_token), { error: "invalid_grant" });
});

test("claims that were asked for by name are in the ID token", async () => {
  const config = await discover("openid-client", secret);
  const claims = JSON.stringify({ id_token: { email: { essential: true } } });
  const tokens = await tokensFor(config, { claims });

  assert.ok(tokens.claims().email);
});

test("a client registers itself, signs somebody in, and is gone when it deletes itself", async () => {
  const asked = {
    client_name: "Registered",
    redirect_uris: [callback],
    application_type: "native",
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "client_secret_basic",
  };
  const config = await client.dynamicClientRegistration(new URL(issuer), asked, undefined, options);
  const registered = config.clientMetadata();
  const known = await discover(registered.client_id, client.ClientSecretBasic(registered.client_secret));
  const tokens = await tokensFor(known, { scope: "openid email" });
  const manage = (method) =>
    fetch(registered.registration_client_uri, {
      method,
      headers: { authorization: `Bearer ${registered.registration_access_token}` },
    });
  const read = await manage("GET");
  const { registration_access_token } = await read.json();
  registered.registration_access_token = registration_access_token ?? registered.registration_access_token;
  const deleted = await manage("DELETE");

  assert.equal(tokens.claims().aud, registered.client_id);
  assert.equal(read.status, 200);
  assert.equal(deleted.status, 204);
  await assert.rejects(client.clientCredentialsGrant(known), { status: 401 });
});
test("a signed request object says what is asked for", async () => {
  const config = await discover("openid-client-by-key", client.PrivateKeyJwt(await signingKey()));
  const signed = async (config, asked) => client.buildAuthorizationUrlWithJAR(config, asked, await signingKey());
  const tokens = await tokensFor(config, {}, signed);

  assert.equal(tokens.claims().aud, "openid-client-by-key");
});


test("signing out leads back with the state", async () => {
  const config = await discover("openid-client", secret);
  const tokens = await tokensFor(config);
  const address = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: "http://127.0.0.1:4567/signed-out",
    state: "the-state",
  });
  const answer = await fetch(address, { redirect: "manual" });

  assert.equal(answer.headers.get("location"), "http://127.0.0.1:4567/signed-out?state=the-state");
});
