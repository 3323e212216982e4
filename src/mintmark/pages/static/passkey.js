// Passkeys: asks the browser for one, and sends its answer with the page's own form, where every other factor goes.
// Without script, or without passkeys in this browser, the buttons stay hidden and nothing is missing.
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
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  // The methods of PublicKeyCredential that read and write JSON are younger than many browsers.
  const read = (told) => ({
    ...told,
    challenge: bytes(told.challenge),
    ...(told.user && { user: { ...told.user, id: bytes(told.user.id) } }),
    allowCredentials: named(told.allowCredentials),
    excludeCredentials: named(told.excludeCredentials),
  });
  const written = ({ id, rawId, type, response, authenticatorAttachment, ...rest }, results) =>
    JSON.stringify({
      id,
      rawId: letters(rawId),
      type,
      authenticatorAttachment: authenticatorAttachment || undefined,
      clientExtensionResults: results,
      response: {
        clientDataJSON: letters(response.clientDataJSON),
        authenticatorData: letters(response.authenticatorData) || undefined,
        signature: letters(response.signature) || undefined,
        userHandle: letters(response.userHandle) || undefined,
        attestationObject: letters(response.attestationObject) || undefined,
        transports: response.getTransports ? response.getTransports() : undefined,
      },
    });

  const options = async () => {
    const step = form.elements.step;
    const answer = await fetch(field.dataset.options, {
      method: "POST",
      headers: { "x-csrf-token": form.elements.csrf_token.value },
      body: new URLSearchParams(step ? { step: step.value } : {}),
    });
    if (!answer.ok) throw new Error(`no options: ${answer.status}`);
    return read(await answer.json());
  };

  let asked = new AbortController(); // one question at a time: a browser refuses a second one
  const ask = async (how, more) => {
    asked.abort();
    const { signal } = (asked = new AbortController());
    const publicKey = await options();
    const made = await navigator.credentials[how]({ publicKey, signal, ...more });
    field.value = written(made, made.getClientExtensionResults());
    if (form.elements.password) form.elements.password.disabled = true; // it does not go along
    HTMLFormElement.prototype.submit.call(form);
  };
  // Whoever closes the browser's window has changed their mind: the page is still there.
  const pressed = (how, more) => ask(how, more).catch((error) => {
    const known = within("passkey-known");
    if (known && error.name === "InvalidStateError") known.hidden = false;
    else if (error.name !== "AbortError") waitInTheField();
  });

  // Autofill: the browser offers passkeys in the name's field. A challenge is good for five minutes.
  const waitInTheField = async () => {
    const offers = PublicKeyCredential.isConditionalMediationAvailable;
    if (!form.elements.username || !offers || !(await offers.call(PublicKeyCredential))) return;
    ask("get", { mediation: "conditional" }).catch(() => {});
    const again = asked;
    setTimeout(() => {
      const renew = () => !document.hidden && asked === again && (stop(), waitInTheField());
      const stop = () => document.removeEventListener("visibilitychange", renew);
      document.addEventListener("visibilitychange", renew);
      renew();
    }, 240_000);
  };

  const begin = () => {
    for (const name of ["use-passkey", "passkey-ready", "add-passkey"]) if (within(name)) within(name).hidden = false;
    if (within("passkey-missing")) within("passkey-missing").hidden = true;
    if (within("use-passkey")) within("use-passkey").addEventListener("click", () => pressed("get"));
    const { how, rp: rpId, useless, known, person } = field.dataset;
    if (how) {
      const button = form.querySelector("[type=submit]");
      button.hidden = false;
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        pressed(how);
      });
    }
    // Its provider may forget a passkey that opens nothing here.
    if (useless && PublicKeyCredential.signalUnknownCredential)
      PublicKeyCredential.signalUnknownCredential({ rpId, credentialId: useless }).catch(() => {});
    if (person && PublicKeyCredential.signalAllAcceptedCredentials)
      PublicKeyCredential.signalAllAcceptedCredentials({
        rpId,
        userId: person,
        allAcceptedCredentialIds: known ? known.split(" ") : [],
      }).catch(() => {});
    waitInTheField();
  };

  if (form && window.PublicKeyCredential && navigator.credentials) begin();
}
