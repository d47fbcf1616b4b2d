// The frame's side of being embedded, and steps that follow one another without loading the page anew. Without this
// script every step is a form that posts and a page that comes back.
//
// What the page gives: `[data-flow]` is what is swapped, and says where things stand (data-step, data-signed-in,
// data-completed with data-status, data-error with data-detail); `[data-says]` outside of it holds the words for waiting
// and failing, the site's origins and the frame's nonce. Messages: docs/embedding.md.
(() => {
  "use strict";

  const SLOW = 4000; // ms until somebody is told that it takes longer
  const LOST = 30000; // ms until an answer is given up
  const look = window.tesseraTheme;
  const says = document.querySelector("[data-says]");
  const status = says.querySelector("[data-status-line]");
  const failure = says.querySelector("[data-failure]");
  const framed = window.parent !== window;
  const origins = (says.dataset.origins || "").split(" ").filter(Boolean);
  const nonce = says.dataset.nonce || "";
  const flow = () => document.querySelector("[data-flow]");
  let working = null; // the request that is out
  let quietly = false; // it is one that nobody pressed a button for
  let judged = false; // whether a token was taken: one is, and only before somebody is signed in
  let completed = "";

  // ---- The site around it ----

  /** Those of the allowed origins that the parent may be: the one the browser names, else all of them. */
  function audience() {
    let named = "";
    if (location.ancestorOrigins && location.ancestorOrigins.length) named = location.ancestorOrigins[0];
    else if (document.referrer) named = new URL(document.referrer).origin;
    return origins.includes(named) ? [named] : origins;
  }

  function tell(type, detail = {}) {
    if (!framed) return;
    for (const origin of audience()) window.parent.postMessage({ tessera: 1, type, ...detail }, origin);
  }

  let told = 0;
  function measure() {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height && height !== told) tell("resize", { height: (told = height) });
  }

  function tellWhereThingsStand() {
    const { step, completed: membership, status: state, error, detail } = flow().dataset;
    measure();
    tell("step", { name: step });
    if (membership && membership !== completed) {
      completed = membership;
      tell("completed", { membership_id: membership, status: state });
    }
    if (error) tell("error", { code: error, detail: detail || "" });
  }

  function configure({ theme, email, title }) {
    const wrong = theme && typeof theme === "object" ? look.apply(theme) : [];
    if (wrong.length) tell("error", { code: "theme_invalid", detail: `not understood: ${wrong.join(", ")}` });
    fill(look.address(email));
    const named = look.title(title);
    if (named) document.title = named;
  }

  let prefill = "";
  function fill(address) {
    prefill = address || prefill;
    const field = flow().querySelector("input[type=email]");
    if (prefill && field && !field.value && !field.readOnly) field.value = prefill;
  }

  /** A site's token: the server decides. Refused, the e-mail code is still there, with what was typed. */
  async function authenticate(token, origin) {
    const { dataset } = flow();
    if (judged || typeof token !== "string" || "signedIn" in dataset || !says.dataset.inject) return;
    judged = true;
    const body = new URLSearchParams({ token, origin });
    for (const name of ["flow", "bearer"]) {
      const field = flow().querySelector(`input[name=${name}]`);
      if (field) body.set(name, field.value);
    }
    await send({ url: says.dataset.inject, method: "POST", body, quiet: true });
  }

  window.addEventListener("message", ({ data, origin, source }) => {
    if (!framed || source !== window.parent || !origins.includes(origin)) return;
    if (!data || data.tessera !== 1) return;
    if (data.type === "authenticate") authenticate(data.token, origin);
    else if (data.type === "configure") configure(data);
  });

  // ---- Steps ----

  function busy(on) {
    flow().toggleAttribute("data-busy", on);
    if (on) flow().setAttribute("aria-busy", "true");
    else flow().removeAttribute("aria-busy");
    if (!on) status.textContent = "";
  }

  /** Whether somebody has typed something here that is not to be lost. */
  const touched = () =>
    [...flow().querySelectorAll("input:not([type=hidden]), textarea")].some(
      (each) => !["checkbox", "radio"].includes(each.type) && each.value !== each.defaultValue && each.value !== prefill,
    );

  /** Put the step that came in the place of the one that is there, and go to what is to be read first. */
  function swap(text, { quiet, url }) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const next = page.querySelector("[data-flow]");
    if (!next) return false;
    if (quiet && flow().dataset.step === next.dataset.step && touched()) {
      // A token that was refused while somebody was typing: they go on typing.
      const carried = next.querySelector("input[name=flow]");
      for (const each of flow().querySelectorAll("input[name=flow]")) if (carried) each.value = carried.value;
      if (next.dataset.error) tell("error", { code: next.dataset.error, detail: next.dataset.detail || "" });
      return true;
    }
    flow().replaceWith(document.adoptNode(next));
    if (page.title && !look.first.title) document.title = page.title;
    if (page.documentElement.lang) document.documentElement.lang = page.documentElement.lang;
    if (url && !framed) history.replaceState(null, "", url + location.hash);
    prepare();
    tellWhereThingsStand();
    const wrong = flow().querySelector("[aria-invalid=true]");
    const first = wrong || flow().querySelector("[data-focus]") || flow().querySelector("h1, h2");
    if (first && !wrong && !first.matches("input, select, textarea, button, a[href]")) first.tabIndex = -1;
    // A token that came by itself takes the focus from nobody on the host's page.
    if (first && (!quiet || document.hasFocus())) first.focus();
    return true;
  }

  async function send(asked) {
    while (working) await working;
    if (asked.form && !asked.form.isConnected) return; // another step has taken its place
    failure.hidden = true;
    busy(true);
    quietly = Boolean(asked.quiet);
    working = carry(asked);
    const answered = await working;
    working = null;
    busy(false);
    if (!answered) fail(asked);
  }

  /** Send it, and show what comes back. Returns whether anything did that can be shown. */
  async function carry(asked) {
    const stop = new AbortController();
    const slow = setTimeout(() => (status.textContent = says.dataset.slow), SLOW);
    const lost = setTimeout(() => stop.abort(), LOST);
    try {
      const { url, method, body } = asked;
      const headers = { Accept: "text/html", "X-Requested-With": "tessera-frame" };
      const answer = await fetch(url, { method, body, headers, credentials: "same-origin", signal: stop.signal });
      const kind = answer.headers.get("Content-Type") || "";
      if (kind.startsWith("application/problem+json")) {
        const { code, detail } = await answer.json();
        tell("error", { code, detail });
        return asked.quiet;
      }
      return kind.startsWith("text/html") && swap(await answer.text(), { ...asked, url: answer.redirected ? answer.url : "" });
    } catch {
      return false;
    } finally {
      clearTimeout(slow);
      clearTimeout(lost);
    }
  }

  function fail(asked) {
    if (asked.quiet) {
      tell("error", { code: "token_not_sent", detail: "the token could not be sent: the connection was lost" });
      return;
    }
    failure.hidden = false;
    failure.querySelector("button").onclick = () => send(asked);
    failure.querySelector("button").focus();
    tell("error", { code: "not_sent", detail: "a step could not be sent: the connection was lost" });
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.target || "plain" in form.dataset) return;
    if (!form.closest("[data-flow]") || new URL(form.action).origin !== location.origin) return;
    event.preventDefault();
    if (working && !quietly) return; // pressed twice
    const button = event.submitter;
    const url = (button && button.hasAttribute("formaction") && button.formAction) || form.action;
    status.textContent = says.dataset.working;
    const body = new URLSearchParams(new FormData(form));
    if (button && button.name) body.append(button.name, button.value);
    send({ url, method: "POST", body, form });
  });

  // ---- What is there at first, and after each step ----

  function prepare() {
    fill("");
    for (const button of document.querySelectorAll("[data-close]")) button.hidden = !(framed && look.first.closable);
    for (const link of flow().querySelectorAll('a[href]:not([target])')) {
      if (link.origin === location.origin && link.pathname.startsWith("/embed/")) link.hash = location.hash;
    }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]")) tell("close");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && look.first.closable) tell("close");
  });
  window.addEventListener("pageshow", (event) => event.persisted && busy(false));

  prefill = look.first.email;
  if (look.first.title) document.title = look.first.title;
  prepare();
  new ResizeObserver(measure).observe(document.body);
  measure();
  tell("ready", { nonce });
  tellWhereThingsStand();
  if (look.wrong.length) tell("error", { code: "theme_invalid", detail: `not understood: ${look.wrong.join(", ")}` });
})();
