// Passkeys: a button asks the browser, and what it answers goes into a field of its form. Without this script, or where
// the browser knows no passkeys, the buttons stay hidden and the other ways remain.

const known = Boolean(window.PublicKeyCredential && navigator.credentials?.get && navigator.credentials?.create);

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.codePointAt(0));
}

function text(buffer) {
  let plain = "";
  for (const each of new Uint8Array(buffer)) plain += String.fromCodePoint(each);
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function readable(options) {
  const asked = { ...options, challenge: bytes(options.challenge) };
  if (asked.user) asked.user = { ...asked.user, id: bytes(asked.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    if (asked[list]) asked[list] = asked[list].map((each) => ({ ...each, id: bytes(each.id) }));
  }
  return asked;
}

function sendable(credential) {
  const { response } = credential;
  const told = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) told[name] = text(response[name]);
  }
  if (response.getTransports) told.transports = response.getTransports();
  return {
    type: credential.type,
    id: credential.id,
    rawId: text(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: told,
  };
}

async function ask(button) {
  const form = button.closest("form");
  const said = form.querySelector("[data-passkey-said]");
  if (said) said.textContent = "";
  button.disabled = true;
  try {
    const { publicKey } = button.dataset.optionsAt
      ? await (await fetch(button.dataset.optionsAt, { headers: { accept: "application/json" } })).json()
      : JSON.parse(button.dataset.options);
    const credential = await navigator.credentials[button.dataset.passkey]({ publicKey: readable(publicKey) });
    form.elements[button.dataset.into].value = JSON.stringify(sendable(credential));
    form.noValidate = button.dataset.passkey === "get";
    form.requestSubmit();
  } catch {
    if (said) said.textContent = said.dataset.failed;
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-passkey]");
  if (button) ask(button);
});

function reveal(root) {
  for (const each of root.querySelectorAll("[data-needs-passkeys]")) each.hidden = !known;
}
reveal(document);
document.addEventListener("htmx:load", (event) => reveal(event.detail.elt));
