// A select with many options becomes a field that finds among them: <select data-choosing>. Without script it is a select.

import { chosen, mark, moved } from "./options.js";

let made = 0;

function letters(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

function enhance(select) {
  const list = document.createElement("ul");
  const input = document.createElement("input");
  const box = document.createElement("div");
  const options = [...select.options].filter((each) => each.value !== "");
  list.id = `choosing-${(made += 1)}`;
  list.className = "menu choices";
  list.setAttribute("role", "listbox");
  list.hidden = true;
  box.className = "choosing";
  Object.assign(input, { type: "text", id: select.id, autocomplete: "off", spellcheck: false });
  input.placeholder = select.querySelector('option[value=""]')?.label ?? "";
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) {
    input.setAttribute(name, value);
  }
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  }
  if (select.required) input.setAttribute("aria-required", "true");
  const label = select.labels?.[0];
  if (label) {
    label.id ||= `${list.id}-label`;
    list.setAttribute("aria-labelledby", label.id);
  }
  select.removeAttribute("id");
  select.required = false;
  select.hidden = true;
  select.before(box);
  box.append(input, list, select);

  const shown = () => [...list.children];
  const current = () => chosen(shown());
  const settle = () => { input.value = select.selectedOptions[0]?.value ? select.selectedOptions[0].label : ""; };

  function unfold(words) {
    const wanted = letters(words).split(/\s+/).filter(Boolean);
    const fitting = options.filter((each) => wanted.every((word) => letters(each.label).includes(word)));
    list.replaceChildren(...fitting.slice(0, 100).map((each, n) => {
      const item = document.createElement("li");
      item.id = `${list.id}-${n}`;
      item.setAttribute("role", "option");
      item.dataset.value = each.value;
      item.textContent = each.label;
      return item;
    }));
    list.hidden = fitting.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark(input, shown(), shown().find((each) => each.dataset.value === select.value) ?? (wanted.length ? shown()[0] : null));
  }

  function fold() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(input, shown(), null);
  }

  function take(item) {
    select.value = item.dataset.value;
    settle();
    fold();
    select.dispatchEvent(new Event("input", { bubbles: true }));
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  input.addEventListener("input", () => unfold(input.value));
  input.addEventListener("click", () => { if (list.hidden) { input.select(); unfold(""); } });
  input.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow") && list.hidden && /Down|Up/.test(event.key)) unfold("");
    if (moved(event, input, shown())) return;
    if (event.key === "Enter" && !list.hidden && current()) {
      event.preventDefault();
      take(current());
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      settle();
      fold();
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => { if (event.target.closest("li")) take(event.target.closest("li")); });
  input.addEventListener("blur", () => {
    if (!input.value.trim() && select.querySelector('option[value=""]')) select.value = "";
    settle();
    fold();
  });
  settle();
}

const enhanceAll = (root) => { for (const each of root.querySelectorAll("select[data-choosing]:not([hidden])")) enhance(each); };
enhanceAll(document);
document.addEventListener("htmx:load", (event) => enhanceAll(event.detail.elt));
