// express-openid-connect 3: https://github.com/auth0/express-openid-connect
import express from "express";
import eoc from "express-openid-connect";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const APP_URL = `http://127.0.0.1:${PORT}`;
const app = express();
app.use(
  eoc.auth({
    issuerBaseURL: ISSUER,
    baseURL: APP_URL,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: "what seals the cookie of this app's own session",
    authRequired: false,
    idpLogout: true,
    authorizationParams: {
      response_type: "code",
      response_mode: process.env.RESPONSE_MODE,
      scope: "openid profile email offline_access",
    },
  }),
);
app.get("/", (request, response) => response.json({ claims: request.oidc.idTokenClaims ?? null }));
app.get("/person", async (request, response) => response.json(await request.oidc.fetchUserInfo()));
app.get("/refresh", async (request, response) => {
  const before = request.oidc.refreshToken;
  const { access_token } = await request.oidc.accessToken.refresh();
  response.json({ rotated: before !== request.oidc.refreshToken, access_token });
});
app.use((error, request, response, next) => response.status(400).json({ error: error.error ?? error.message }));
app.listen(PORT, "127.0.0.1");
