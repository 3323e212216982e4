// Passkeys: asks the browser for one, and sends its answer with the page's own form, where every other factor goes.
// Without script, or without passkeys in this browser, the buttons stay hidden and nothing is missing. In words that old
// browsers can read too: one that stumbles here may not show the page.
"use strict";

{
  const field = document.getElementById("passkey");
  const form = field && field.form;
  const within = (name) => document.getElementById(name);

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const letters = (buffer) =>
    buffer &&
    btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const opened = (one) => Object.assign({}, one, { id: bytes(one.id) });

  // The methods of PublicKeyCredential that read and write JSON are younger than many browsers.
  const read = (told) =>
    Object.assign({}, told, { challenge: bytes(told.challenge) }, told.user && { user: opened(told.user) }, {
      allowCredentials: (told.allowCredentials || []).map(opened),
      excludeCredentials: (told.excludeCredentials || []).map(opened),
    });
  const written = (made) => {
    const response = made.response;
    return JSON.stringify({
      id: made.id,
      rawId: letters(made.rawId),
      type: made.type,
      authenticatorAttachment: made.authenticatorAttachment || undefined,
      clientExtensionResults: made.getClientExtensionResults(),
      response: {
        clientDataJSON: letters(response.clientDataJSON),
        authenticatorData: letters(response.authenticatorData) || undefined,
        signature: letters(response.signature) || undefined,
        userHandle: letters(response.userHandle) || undefined,
        attestationObject: letters(response.attestationObject) || undefined,
        transports: response.getTransports ? response.getTransports() : undefined,
      },
    });
  };

  const options = () => {
    const step = form.elements.step;
    return fetch(field.dataset.options, {
      method: "POST",
      headers: { "x-csrf-token": form.elements.csrf_token.value },
      body: new URLSearchParams(step ? { step: step.value } : {}),
    }).then((answer) => {
      if (!answer.ok) throw new Error(`no options: ${answer.status}`);
      return answer.json();
    }).then(read);
  };

  let asked = new AbortController(); // one question at a time: a browser refuses a second one
  const ask = (how, more) => {
    asked.abort();
    asked = new AbortController();
    const signal = asked.signal;
    return options()
      .then((publicKey) => navigator.credentials[how](Object.assign({ publicKey, signal }, more)))
      .then((made) => {
        field.value = written(made);
        if (form.elements.password) form.elements.password.disabled = true; // it does not go along
        HTMLFormElement.prototype.submit.call(form);
      });
  };
  // Whoever closes the browser's window has changed their mind: the page is still there.
  const pressed = (how) => ask(how).catch((error) => {
    const known = within("passkey-known");
    if (known && error.name === "InvalidStateError") known.hidden = false;
    else if (error.name !== "AbortError") waitInTheField();
  });

  // Autofill: the browser offers passkeys in the name's field. A challenge is good for five minutes.
  const waitInTheField = () => {
    const offers = PublicKeyCredential.isConditionalMediationAvailable;
    if (!form.elements.username || !offers) return;
    offers.call(PublicKeyCredential).then((does) => {
      if (!does) return;
      ask("get", { mediation: "conditional" }).catch(() => {});
      const again = asked;
      setTimeout(() => {
        const renew = () => !document.hidden && asked === again && (stop(), waitInTheField());
        const stop = () => document.removeEventListener("visibilitychange", renew);
        document.addEventListener("visibilitychange", renew);
        renew();
      }, 240000);
    });
  };

  const begin = () => {
    for (const name of ["use-passkey", "passkey-ready", "add-passkey"]) if (within(name)) within(name).hidden = false;
    if (within("passkey-missing")) within("passkey-missing").hidden = true;
    if (within("use-passkey")) within("use-passkey").addEventListener("click", () => pressed("get"));
    const said = field.dataset;
    if (said.how) {
      const button = form.querySelector("[type=submit]");
      button.hidden = false;
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        pressed(said.how);
      });
    }
    // Its provider may forget a passkey that opens nothing here.
    if (said.useless && PublicKeyCredential.signalUnknownCredential)
      PublicKeyCredential.signalUnknownCredential({ rpId: said.rp, credentialId: said.useless }).catch(() => {});
    if (said.person && PublicKeyCredential.signalAllAcceptedCredentials)
      PublicKeyCredential.signalAllAcceptedCredentials({
        rpId: said.rp,
        userId: said.person,
        allAcceptedCredentialIds: said.known ? said.known.split(" ") : [],
      }).catch(() => {});
    waitInTheField();
  };

  if (form && window.PublicKeyCredential && navigator.credentials) begin();
}
