/*
 * Tessera on your own site: puts the page where people join in the place of a link to it.
 *
 *   <div class="tessera-membership"><a href="https://HOST/join/ORG/PLAN">Join</a></div>
 *   <script src="https://HOST/embed/v1.js" data-organization="ORG" data-plan="PLAN" async></script>
 *
 * Until the frame has answered, and if it never does, visitors have the link. More: docs/embedding.md.
 */
(() => {
  "use strict";

  const PATIENCE = 8000; // ms until the site is told
  const TOKEN_PATIENCE = 4000; // ms that the link stays while a token is judged
  const MOST_PIXELS = 20000;
  const SANDBOX = "allow-forms allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox";
  const ALLOW = "publickey-credentials-get; payment";
  const NAME = /^[\w-]{1,100}$/;

  const warn = (text) => console.warn(`Tessera: ${text}`);
  const script =
    document.currentScript ||
    [...document.scripts].reverse().find((each) => /\/embed\/v1\.js(\?|$)/.test(each.src));
  const home = new URL(script ? script.src : location.href).origin;

  /** The theme, from JSON, from `accent: #123456; radius: 8px`, or from an object. */
  function themeOf(told) {
    if (!told || typeof told === "object") return { ...told };
    try {
      if (told.trim().startsWith("{")) return JSON.parse(told);
    } catch (reason) {
      warn(`data-theme begins like JSON and is none (${reason.message})`);
      return {};
    }
    const theme = {};
    for (const pair of told.split(";")) {
      const found = /^\s*(\w+)\s*[:=]\s*(.*?)\s*$/.exec(pair);
      if (found) theme[found[1]] = found[2];
    }
    return theme;
  }

  /** Whether the page is dark there, as its `color-scheme` says: light, where nothing is said. */
  function schemeAround(element) {
    const said = getComputedStyle(element).colorScheme || "";
    if (!said.includes("dark")) return "light";
    return !said.includes("light") || matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  /** Asks the site's back end for a token: POST {"nonce"}, {"token"} back, 204 for nobody. */
  function askingAt(url) {
    return async (nonce) => {
      const answer = await fetch(url, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ nonce }),
      });
      if (answer.status === 204) return null;
      if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
      return (await answer.json()).token;
    };
  }

  const mounted = new Map(); // element → { frame, host, hear, handle }

  function mount(target, options = {}) {
    const element = typeof target === "string" ? document.querySelector(target) : target;
    if (!element) throw new Error(`Tessera: nothing on this page is ${target}`);
    if (mounted.has(element)) return mounted.get(element).handle;
    const { organization, plan = "", email, locale, title, closable } = options;
    if (!NAME.test(organization || "") || (plan && !NAME.test(plan))) {
      throw new Error("Tessera: say which organization and plan, as the console's snippet does");
    }
    const host = new URL(options.host || home).origin;
    const told = themeOf(options.theme);
    const token = options.token || (options.tokenUrl ? askingAt(options.tokenUrl) : null);
    const listeners = {};
    const last = {};
    let height = 0;
    let nonce = "";
    let queued = null;
    let shown = false;
    let steps = 0;

    const theme = () => ({ scheme: schemeAround(element), ...told });
    const link = element.querySelector("a");
    const frame = document.createElement("iframe");
    frame.title = title || (link && link.textContent.trim()) || "Membership";
    frame.setAttribute("sandbox", SANDBOX);
    frame.allow = ALLOW;
    frame.referrerPolicy = "origin";
    const put = (name, value) => frame.style.setProperty(name, value);
    put("display", "block");
    put("width", "100%");
    put("border", "0");
    put("height", "0");
    put("visibility", "hidden");
    put("color-scheme", theme().scheme);
    // After "#": no server is told.
    const said = Object.entries({ ...theme(), email, title, closable: closable ? "yes" : "" });
    const hash = new URLSearchParams(said.filter(([, value]) => value).map(([name, value]) => [name, String(value)]));
    const query = locale ? `?locale=${encodeURIComponent(locale)}` : "";
    frame.src = `${host}/embed/${organization}${plan && `/${plan}`}${query}#${hash}`;

    const post = (message) => frame.contentWindow && frame.contentWindow.postMessage({ tessera: 1, ...message }, host);

    function emit(type, detail) {
      last[type] = detail;
      element.dispatchEvent(new CustomEvent(`tessera:${type}`, { detail, bubbles: true }));
      for (const callback of listeners[type] || []) callback(detail);
    }

    function show() {
      if (shown) return;
      shown = true;
      const focused = element.contains(document.activeElement);
      for (const each of element.children) {
        if (each !== frame) each.style.setProperty("display", "none", "important");
      }
      put("height", `${height || 480}px`);
      put("visibility", "visible");
      if (focused) frame.focus();
    }

    function authenticate(jwt) {
      if (typeof jwt !== "string" || !jwt) throw new Error("Tessera: a token is text");
      if (nonce) post({ type: "authenticate", token: jwt });
      else queued = jwt;
    }

    async function recognise() {
      try {
        const jwt = queued || (token && (await token(nonce)));
        queued = null;
        if (!jwt) return show();
        authenticate(jwt);
        setTimeout(show, TOKEN_PATIENCE);
      } catch (reason) {
        emit("error", { code: "token_unavailable", detail: String(reason.message || reason) });
        show();
      }
    }

    function hear({ tessera, type, ...detail }) {
      if (type === "resize" && detail.height > 0) {
        height = Math.min(Math.ceil(detail.height), MOST_PIXELS);
        if (shown) put("height", `${height}px`);
      } else if (type === "ready") {
        nonce = String(detail.nonce);
        clearTimeout(waiting);
        repaint();
        recognise();
      } else if (type === "step" || type === "error") {
        const again = shown;
        steps += type === "step";
        // Somebody whom the site knows is to see the step after the first one.
        if (steps > 1 || (type === "error" && detail.code !== "theme_invalid") || !(token || queued)) show();
        if (type === "step" && again && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
      } else if (type !== "completed" && type !== "close") return;
      emit(type, detail);
    }

    const dark = matchMedia("(prefers-color-scheme: dark)");
    const repaint = () => {
      put("color-scheme", theme().scheme);
      if (nonce) post({ type: "configure", theme: theme() });
    };
    dark.addEventListener("change", repaint);

    const trouble = (code, detail) => {
      if (nonce || last.error) return;
      warn(`${detail} See ${host}/embed/${organization}/check`);
      emit("error", { code, detail });
    };
    const silent = () => trouble("no_answer", `no answer: is ${location.origin} one of the allowed origins?`);
    let waiting = setTimeout(silent, PATIENCE);
    // Loaded, it would have said so by now.
    frame.addEventListener("load", () => {
      clearTimeout(waiting);
      waiting = setTimeout(silent, 1000);
    });
    const refused = ({ blockedURI, effectiveDirective }) => {
      if (!blockedURI.startsWith(host)) return;
      trouble("blocked_by_policy", `the policy of this page (${effectiveDirective}) does not let it frame ${host}.`);
    };
    document.addEventListener("securitypolicyviolation", refused);

    const handle = {
      /** Call back at each event of a type, at once if there was one. Returns what stops it. */
      on(type, callback) {
        listeners[type] = [...(listeners[type] || []), callback];
        if (type in last) callback(last[type]);
        return () => {
          listeners[type] = listeners[type].filter((each) => each !== callback);
        };
      },
      authenticate,
      /** Change how it looks: what is not named stays. */
      theme(changed) {
        Object.assign(told, themeOf(changed));
        repaint();
      },
      /** Take it away: what was there is back. */
      destroy() {
        clearTimeout(waiting);
        document.removeEventListener("securitypolicyviolation", refused);
        dark.removeEventListener("change", repaint);
        mounted.delete(element);
        frame.remove();
        for (const each of element.children) each.style.removeProperty("display");
      },
    };
    mounted.set(element, { frame, host, hear, handle });
    element.append(frame);
    return handle;
  }

  window.addEventListener("message", ({ data, origin, source }) => {
    if (!data || data.tessera !== 1 || typeof data.type !== "string") return;
    for (const { frame, host, hear } of [...mounted.values()]) {
      if (source === frame.contentWindow && origin === host) hear(data);
    }
  });

  /** The last free place before the script, else the first one. */
  function placeFor(tag) {
    const free = [...document.querySelectorAll(".tessera-membership")].filter((each) => !each.querySelector("iframe"));
    const before = free.filter((each) => tag.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_PRECEDING);
    return before.pop() || free[0];
  }

  function fromTag(tag) {
    const { organization, plan, email, locale, theme, title, tokenUrl, closable } = tag.dataset;
    const place = placeFor(tag);
    if (!place) return warn('there is no <div class="tessera-membership">');
    const options = { host: new URL(tag.src).origin, organization, plan, email, locale, theme, title, tokenUrl };
    return window.Tessera.mount(place, { ...options, closable: closable !== undefined });
  }

  // Loaded again, for another place, the first one works: it knows what is mounted.
  window.Tessera = window.Tessera || { mount };
  if (!script || !script.dataset.organization || script.dataset.tesseraDone) return;
  script.dataset.tesseraDone = "";
  const run = () => {
    try {
      fromTag(script);
    } catch (reason) {
      warn(reason.message);
    }
  };
  if (placeFor(script) || document.readyState !== "loading") run();
  else document.addEventListener("DOMContentLoaded", run);
})();
