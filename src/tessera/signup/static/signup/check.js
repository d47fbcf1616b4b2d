// What only the browser knows of being framed: by whom, whether messages and cookies arrive. Beside frame.js, which
// swaps what comes back: what was found is shown again then.
(() => {
  "use strict";

  const found = new Map(); // name → [state, sentence]
  const origins = document.querySelector("[data-says]").dataset.origins.split(" ").filter(Boolean);
  const words = { ...document.querySelector("[data-words]").dataset };
  const framed = window.parent !== window;
  const said = (name, ...parts) => parts.reduce((text, part) => text.replace("{0}", part), words[name]);

  function show() {
    const list = document.querySelector("[data-checks]");
    if (!list) return;
    for (const [name, [state, text]] of found) {
      const row = list.querySelector(`[data-check=${name}]`);
      const told = `${list.dataset[state]}. ${text}`;
      if (row.lastElementChild.textContent === told) continue;
      row.className = `is-${state}`;
      row.lastElementChild.textContent = told;
    }
    const field = document.querySelector("[data-origin-field]");
    if (field && ancestors.length && field.value === field.defaultValue) field.value = ancestors[0];
  }

  function put(name, state, text) {
    found.set(name, [state, text]);
    show();
  }

  const ancestors = location.ancestorOrigins ? [...location.ancestorOrigins] : [];
  if (!ancestors.length && framed && document.referrer) ancestors.push(new URL(document.referrer).origin);

  function whoFrames() {
    if (!framed) {
      put("framed", "note", said("notFramed"));
      for (const name of ["origin", "loader", "storage"]) put(name, "note", said("notFramed"));
      return;
    }
    put("framed", "good", said("isFramed"));
    if (!ancestors.length) put("origin", "wrong", said("unknown"));
    else if (ancestors.length > 1) {
      const all = ancestors.every((each) => origins.includes(each));
      put("origin", all ? "good" : "wrong", said("nested", ancestors.join(", ")));
    } else {
      const known = origins.includes(ancestors[0]);
      put("origin", known ? "good" : "wrong", said(known ? "allowed" : "notAllowed", ancestors[0]));
    }
    let answered = false;
    window.addEventListener("message", ({ data, origin, source }) => {
      if (source !== window.parent || !origins.includes(origin) || !data || data.tessera !== 1) return;
      answered = true;
      put("loader", "good", said("heard"));
    });
    setTimeout(() => answered || put("loader", "note", said("silent")), 3000);
  }

  async function whetherCookiesComeBack() {
    const url = document.querySelector("[data-checks]").dataset.cookie;
    const body = () => new URLSearchParams({ do: "cookie", flow: document.querySelector("input[name=flow]").value });
    try {
      for (let time = 0; ; time += 1) {
        const answer = await fetch(url, { method: "POST", body: body(), credentials: "same-origin" });
        if (!answer.ok) return put("cookies", "wrong", said("notSent", answer.status));
        const { back } = await answer.json();
        if (time) return put("cookies", back ? "good" : "note", said(back ? "back" : "lost"));
      }
    } catch (reason) {
      put("cookies", "wrong", said("notSent", reason.message));
    }
  }

  async function whetherOthersAreAllowed() {
    if (!framed || !document.hasStorageAccess) return;
    const has = await document.hasStorageAccess().catch(() => false);
    put("storage", "note", said(has ? "unpartitioned" : "partitioned"));
  }

  const own = self.origin !== "null";
  put("sandbox", own ? "good" : "wrong", said(own ? "sandboxFine" : "opaque"));
  put("secure", window.isSecureContext ? "good" : "wrong", said(window.isSecureContext ? "isSecure" : "insecure"));
  whoFrames();
  whetherCookiesComeBack();
  whetherOthersAreAllowed();
  new MutationObserver(show).observe(document.body, { childList: true });
})();
