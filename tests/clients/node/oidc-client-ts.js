// oidc-client-ts 3 in a page of https://app.example: https://github.com/authts/oidc-client-ts
const settings = {
  authority: "https://id.example",
  client_id: "page",
  redirect_uri: "https://app.example/callback",
  popup_redirect_uri: "https://app.example/popup.html",
  silent_redirect_uri: "https://app.example/silent.html",
  post_logout_redirect_uri: "https://app.example/signed-out",
  popup_post_logout_redirect_uri: "https://app.example/popup-out.html",
  scope: "openid profile email offline_access api:read",
  loadUserInfo: true, // a person's name and address are told at UserInfo
};

const make = (more) => new oidc.UserManager({ ...settings, automaticSilentRenew: false, ...more });
const manager = make({});
const told = (user) => ({ ...user, expired: user.expired });
const failed = (error) => ({ error: error.error ?? null, message: error.message });
