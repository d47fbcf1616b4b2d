// Everything here is a convenience: each page also works without it.

const opened = () => document.querySelectorAll("details.drawer[open], details.dropdown[open], details.me[open]");

function close(details, { refocus = false } = {}) {
  details.open = false;
  if (refocus) details.querySelector("summary").focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const last = [...opened()].at(-1);
    if (last) close(last, { refocus: true });
    return;
  }
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const find = document.querySelector("[data-find]");
    if (find) {
      event.preventDefault();
      find.focus();
      find.select();
    }
  }
});

document.addEventListener("click", (event) => {
  for (const details of opened()) {
    if (!details.contains(event.target)) close(details);
  }
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) dismiss.closest(".toast, .notice").remove();
  const cancel = event.target.closest("[data-close]");
  const within = cancel?.closest("details.drawer, dialog");
  if (within?.matches("details")) close(within, { refocus: true });
  else if (within) {
    event.preventDefault();
    within.close();
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => copy.classList.add("is-copied"));
  const command = event.target.closest("button[commandfor]");
  if (command && !("commandForElement" in command)) {
    const target = document.getElementById(command.getAttribute("commandfor"));
    if (command.getAttribute("command") === "show-modal") target?.showModal();
    else target?.close();
  }
});

// A drawer takes the focus to its first field, and keeps Tab inside while it is open.
document.addEventListener("toggle", (event) => {
  const details = event.target;
  if (details.matches?.("details.drawer") && details.open) {
    details.querySelector(".panel :is(input:not([type=hidden]), select, textarea, button, a)")?.focus();
  }
}, true);

document.addEventListener("focusin", (event) => {
  const drawer = document.querySelector("details.drawer[open]");
  if (drawer && !drawer.contains(event.target)) drawer.querySelector("summary").focus();
});

// A second click on "Grant" must not ask twice. Coming back by the back button must find the form usable.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.matches("[hx-post], [hx-put], [hx-delete], [data-again]")) return; // data-again: a download, which stays here
  form.dataset.sent = "yes";
  event.submitter?.classList.add("is-busy");
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button.is-busy:not([data-shown-busy])")) button.classList.remove("is-busy");
});

// What is broken off because somebody leaves the page is nothing to report.
let leaving = false;
window.addEventListener("beforeunload", () => { leaving = true; });
window.addEventListener("pageshow", () => { leaving = false; });

// What lies outside of an open dialog is neither seen nor read out: what is said then, is said in it, above its buttons.
function tell(kind) {
  const toast = document.getElementById(kind)?.content.cloneNode(true);
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
  let place = (dialog ?? document).querySelector(".toasts");
  if (dialog && !place) {
    place = document.createElement("div");
    place.className = "toasts";
    place.setAttribute("role", "alert");
    const buttons = dialog.querySelector("form .form-actions");
    if (buttons) buttons.before(place);
    else dialog.append(place);
  }
  if (!toast || !place) return;
  place.replaceChildren(toast);
  if (dialog) place.scrollIntoView({ block: "nearest" });
}

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const status = event.detail.xhr?.status ?? 0;
    if (leaving && !status) return;
    const refused = status >= 400 && status < 500;
    const unanswered = event.detail.requestConfig?.verb === "get" ? "unread-toast" : "unanswered-toast";
    tell(refused ? "refused-toast" : unanswered);
  });
}

// Whoever waits long is told that nothing has been forgotten.
const slow = new WeakMap();
document.addEventListener("htmx:beforeSend", (event) => {
  slow.set(event.detail.xhr, setTimeout(() => tell("slow-toast"), 8000));
});
document.addEventListener("htmx:afterRequest", (event) => {
  clearTimeout(slow.get(event.detail.xhr));
  document.querySelector(".toast[data-slow]")?.remove();
});

// A message that a page brings along is not read out: only what comes is.
const brought = document.getElementById("toasts");
if (brought?.children.length) {
  setTimeout(() => brought.replaceChildren(...[...brought.children].map((each) => each.cloneNode(true))), 200);
}

function reveal(root) {
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = !navigator.clipboard;
}
reveal(document);
document.addEventListener("htmx:load", (event) => reveal(event.detail.elt));

// Drawers that htmx brings are dialogs: they open as they arrive, and are gone once closed.
document.addEventListener("htmx:load", (event) => {
  const dialog = event.detail.elt;
  if (!dialog.matches?.("dialog.drawer")) return;
  const menu = document.activeElement?.closest("details.dropdown[open]");
  const opener = menu ? menu.querySelector("summary") : document.activeElement;
  if (menu) menu.open = false;
  dialog.showModal();
  const wrong = dialog.querySelector(".has-error :is(input, select, textarea)");
  const first = dialog.querySelector("form :is(input:not([type=hidden]), select, textarea), form button");
  (wrong ?? first)?.focus();
  // What was typed is not lost to a slip: not to a click beside it, nor to one Escape.
  let typed = Boolean(dialog.querySelector(".has-error, .problem"));
  let warned = false;
  dialog.addEventListener("input", () => { typed = true; warned = false; });
  dialog.addEventListener("click", (click) => {
    const box = dialog.getBoundingClientRect();
    const outside = click.clientX < box.left || click.clientX > box.right;
    if (click.target === dialog && outside && !typed) dialog.close();
  });
  dialog.addEventListener("cancel", (event) => {
    if (!typed || warned || event.target !== dialog) return;
    event.preventDefault();
    warned = true;
    tell("typed-toast");
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener?.isConnected) opener.focus();
  });
});

// Whose session had ended, and who has signed in in another window, needs the form token of the new one.
window.addEventListener("focus", async () => {
  const form = document.querySelector("[data-signed-out]");
  if (!form) return;
  const answer = await fetch(form.dataset.token, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const { token } = await answer.json();
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  if (document.body.hasAttribute("hx-headers")) document.body.setAttribute("hx-headers", JSON.stringify({ "x-csrftoken": token }));
});
