// oauth4webapi 3 against the demo: https://github.com/panva/oauth4webapi
import assert from "node:assert/strict";
import { before, test } from "node:test";
import * as oauth from "oauth4webapi";
import { atHash, callback, clientId, clientSecret, issuer, scope, signIn } from "./person.mjs";

const options = { [oauth.allowInsecureRequests]: true };
const client = { client_id: clientId };
const secret = oauth.ClientSecretBasic(clientSecret);
const resource = `${issuer}/demo`;
let server;

before(async () => {
  server = await discover("oidc");
});

async function discover(algorithm) {
  const identifier = new URL(issuer);
  const answer = await oauth.discoveryRequest(identifier, { algorithm, ...options });
  return oauth.processDiscoveryResponse(identifier, answer);
}

async function signedIn() {
  const [verifier, nonce, state] = [
    oauth.generateRandomCodeVerifier(),
    oauth.generateRandomNonce(),
    oauth.generateRandomState(),
  ];
  const address = new URL(server.authorization_endpoint);
  address.search = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: callback,
    scope,
    nonce,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }).toString();
  const brought = oauth.validateAuthResponse(server, client, await signIn(address), state);
  const answer = await oauth.authorizationCodeGrantRequest(server, client, secret, brought, callback, verifier, options);
  const checks = { expectedNonce: nonce, requireIdToken: true };
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, checks);
  await oauth.validateApplicationLevelSignature(server, answer, options);
  return tokens;
}

async function introspected(token) {
  const answer = await oauth.introspectionRequest(server, client, secret, token, options);
  return oauth.processIntrospectionResponse(server, client, answer);
}

async function revoke(token) {
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, secret, token, options));
}

test("both metadata documents are for this issuer and say the same", async () => {
  assert.deepEqual(await discover("oauth2"), server);
  assert.equal(server.authorization_response_iss_parameter_supported, true);
});

test("a code becomes tokens whose ID token is signed for us, with our nonce", async () => {
  const tokens = await signedIn();
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  const answer = await oauth.userInfoRequest(server, client, tokens.access_token, options);
  const person = await oauth.processUserInfoResponse(server, client, claims.sub, answer);

  assert.equal(claims.at_hash, await atHash(tokens.access_token));
  assert.ok(person.email_verified);
});

test("an access token is an RFC 9068 JWT that a resource server accepts", async () => {
  const tokens = await signedIn();
  const request = new Request(resource, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  const claims = await oauth.validateJwtAccessToken(server, request, resource, options);

  assert.equal(claims.client_id, clientId);
  assert.ok(claims.scope.split(" ").includes("demo:read"));
});

test("a refresh rotates the refresh token", async () => {
  const first = await signedIn();
  const answer = await oauth.refreshTokenGrantRequest(server, client, secret, first.refresh_token, options);
  const second = await oauth.processRefreshTokenResponse(server, client, answer);
  await oauth.validateApplicationLevelSignature(server, answer, options);

  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal((await introspected(second.access_token)).active, true);
});

test("what is revoked is inactive at once", async () => {
  const tokens = await signedIn();
  const live = await introspected(tokens.refresh_token);
  await revoke(tokens.refresh_token);

  assert.equal(live.active, true);
  assert.equal((await introspected(tokens.refresh_token)).active, false);
  assert.equal((await introspected(tokens.access_token)).active, false);
});

test("a client gets a token for itself", async () => {
  const answer = await oauth.clientCredentialsGrantRequest(server, client, secret, { scope: "demo:write" }, options);
  const tokens = await oauth.processClientCredentialsResponse(server, client, answer);

  assert.equal((await introspected(tokens.access_token)).scope, "demo:write");
});

test("a wrong secret is a challenge that the library understands", async () => {
  const wrong = oauth.ClientSecretBasic("wrong");
  const answer = await oauth.clientCredentialsGrantRequest(server, client, wrong, {}, options);

  await assert.rejects(oauth.processClientCredentialsResponse(server, client, answer), {
    name: "WWWAuthenticateChallengeError",
  });
});
