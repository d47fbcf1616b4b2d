// Finding as one types: arrows choose among what was found, Enter goes there. Without script it is a form and a page.

import { chosen as chosenOf, mark, moved } from "./options.js";

const boxOf = (form) => document.getElementById(form.querySelector("input").getAttribute("aria-controls"));
const hitsOf = (form) => [...boxOf(form).querySelectorAll("[role=option]")];
const waiting = new WeakSet(); // forms whose Enter came before their answer

const choose = (form, hit) => mark(form.querySelector("input"), hitsOf(form), hit);
const chosen = (form) => chosenOf(hitsOf(form));
const answered = (form) => boxOf(form).dataset.q === form.querySelector("input").value.trim();

function fold(form) {
  waiting.delete(form);
  boxOf(form).replaceChildren();
  delete boxOf(form).dataset.q;
  form.querySelector("input").setAttribute("aria-expanded", "false");
  choose(form, null);
}

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("[data-finding]");
  if (!form) return;
  const hits = hitsOf(form);
  if (moved(event, form.querySelector("input"), hits)) return;
  if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    if (answered(form)) chosen(form)?.click();
    else {
      waiting.add(form);
      event.target.dispatchEvent(new Event("find"));
    }
  } else if (event.key === "Escape" && form.closest("dialog")) {
    event.preventDefault(); // the field would be emptied first
    form.closest("dialog").close();
  } else if (event.key === "Escape" && !form.closest("dialog") && hits.length) {
    event.stopImmediatePropagation();
    fold(form);
  }
}, true);

// Once it has settled: only then do hits that open a drawer know it.
document.addEventListener("htmx:afterSettle", (event) => {
  const input = document.querySelector(`[data-finding] input[aria-controls="${CSS.escape(event.detail.target.id)}"]`);
  if (!input) return;
  const form = input.form;
  const hits = hitsOf(form);
  boxOf(form).dataset.q = new URL(event.detail.xhr.responseURL).searchParams.get("q").trim();
  input.setAttribute("aria-expanded", String(hits.length > 0));
  choose(form, input.value.trim() ? hits[0] : null);
  if (answered(form) && waiting.delete(form)) chosen(form)?.click(); // an older answer may come first
});

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("[data-finding]");
  if (form && !form.closest("dialog") && !event.target.value.trim()) fold(form);
});

document.addEventListener("focusout", (event) => {
  const form = event.target.closest?.("[data-finding]");
  if (form && !form.closest("dialog") && !form.contains(event.relatedTarget) && event.relatedTarget) fold(form);
});

const palette = document.getElementById("palette");

function open() {
  const input = palette.querySelector("input");
  palette.showModal();
  input.select();
  if (!answered(palette.querySelector("form"))) input.dispatchEvent(new Event("find"));
}

if (palette) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    const called = event.key === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const slash = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (called || (slash && !document.querySelector("[data-find]"))) {
      event.preventDefault();
      if (palette.open) palette.close();
      else if (!document.querySelector("dialog[open]")) open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette]") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      open();
    } else if (event.target === palette) palette.close();
    else if (event.target.closest("#palette .hit") && !event.ctrlKey && !event.metaKey) palette.close();
  });
}
