// passport-openidconnect 0.1, which knows neither discovery nor PKCE: https://www.passportjs.org
import express from "express";
import session from "express-session";
import passport from "passport";
import OpenIDConnectStrategy from "passport-openidconnect";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const APP_URL = `http://127.0.0.1:${PORT}`;
passport.use(
  new OpenIDConnectStrategy(
    {
      issuer: ISSUER,
      authorizationURL: `${ISSUER}/authorize`,
      tokenURL: `${ISSUER}/token`,
      userInfoURL: `${ISSUER}/userinfo`,
      clientID: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      callbackURL: `${APP_URL}/callback`,
      scope: ["profile", "email"],
      skipUserProfile: false, // ask UserInfo
    },
    (issuer, profile, done) => done(null, profile),
  ),
);
passport.serializeUser((person, done) => done(null, person));
passport.deserializeUser((person, done) => done(null, person));

const app = express();
app.use(session({ secret: "what signs the cookie", resave: false, saveUninitialized: false }));
app.use(passport.session());
app.get("/", (request, response) => response.json(request.user ?? {}));
app.get("/login", passport.authenticate("openidconnect"));
app.get("/callback", passport.authenticate("openidconnect", { successRedirect: "/", failureRedirect: "/?failed" }));
app.listen(PORT, "127.0.0.1");
