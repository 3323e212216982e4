// Auth.js with its Express integration, @auth/express 0.12: https://authjs.dev
import { ExpressAuth, getSession } from "@auth/express";
import express from "express";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const config = {
  trustHost: true,
  secret: "what seals the cookie of this app's own session",
  providers: [
    {
      id: "mintmark",
      name: "Mintmark",
      type: "oidc",
      issuer: ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      checks: ["pkce", "state", "nonce"],
      idToken: false, // ask UserInfo for the profile
      authorization: { params: { scope: "openid profile email" } },
    },
  ],
};
const app = express();
app.use("/auth", ExpressAuth(config)); // Express 4: "/auth/*"
app.get("/", async (request, response) => response.json((await getSession(request, config)) ?? {}));
app.listen(PORT, "127.0.0.1");
