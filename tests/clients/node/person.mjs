// A person with a browser, as far as plain forms need one: keeps cookies, follows redirects, signs in and allows.

export const {
  DEMO_ISSUER: issuer,
  DEMO_CLIENT_ID: clientId,
  DEMO_CLIENT_SECRET: clientSecret,
  DEMO_SPA_CLIENT_ID: spaClientId,
  DEMO_USERNAME: username,
  DEMO_PASSWORD: password,
} = process.env;

export const callback = "http://127.0.0.1:4567/callback";
export const scope = "openid profile email offline_access demo:read";

const hidden = (page) =>
  [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map((found) => [found[1], found[2]]);
const boxes = (page) => [...page.matchAll(/name="scope" value="([^"]*)"/g)].map((found) => ["scope", found[1]]);

/** From the address of an authorization request to the address that the client gets. */
export async function signIn(address, decision = "allow") {
  const found = await returned(address, decision);
  if (found instanceof Request) throw new Error(`a form came back, to ${found.url}`);
  return found;
}

/** The same; where the answer is a form, the request that brings it (OAuth 2.0 Form Post Response Mode). */
export async function returned(address, decision = "allow") {
  const cookies = new Map();
  const send = async (url, body) => {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(url, { method: body ? "POST" : "GET", body, headers: { cookie }, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      cookies.set(name, value);
    }
    return answer;
  };
  for (let url = new URL(address); ; ) {
    if (!url.href.startsWith(`${issuer}/`)) return url;
    let answer = await send(url);
    if (answer.status === 200) {
      const page = await answer.text();
      const posted = page.match(/<form id="form-post" method="post" action="([^"]*)"/);
      if (posted) return new Request(posted[1], { method: "POST", body: new URLSearchParams(hidden(page)) });
      const form = page.includes('id="sign-in"')
        ? [["username", username], ["password", password]]
        : [...boxes(page), ["decision", decision]];
      const action = new URL(page.match(/<form id="[^"]*" method="post" action="([^"]*)"/)[1], url);
      answer = await send(action, new URLSearchParams([...hidden(page), ...form]));
    }
    if (!answer.headers.has("location")) throw new Error(`${answer.status} ${await answer.text()}`);
    url = new URL(answer.headers.get("location"), url);
  }
}

/** OIDC Core §3.1.3.6, for an algorithm with SHA-256. */
export async function atHash(accessToken) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(accessToken));
  return Buffer.from(digest).subarray(0, 16).toString("base64url");
}
