// Lists: choosing rows, and addresses without what is empty. Each list also works without this.

function counted(form) {
  const rows = [...form.querySelectorAll('input[name="c"]')];
  const chosen = rows.filter((each) => each.checked).length;
  const every = form.querySelector('input[name="all"]');
  const all = form.querySelector("[data-all]");
  const bar = form.querySelector("[data-bulk]");
  if (!bar || !all) return;
  const some = chosen > 0 || every?.checked;
  bar.classList.add("is-live");
  bar.classList.toggle("is-on", Boolean(some));
  all.checked = rows.length > 0 && chosen === rows.length;
  all.indeterminate = chosen > 0 && chosen < rows.length;
  const text = all.parentElement.querySelector("[data-counted]");
  text.dataset.plain ??= text.textContent;
  text.textContent = chosen ? text.dataset.counted.replace("{}", chosen) : text.dataset.plain;
  for (const button of bar.querySelectorAll("button")) button.disabled = !some;
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form.chosen");
  if (!form) return;
  if (event.target.matches("[data-all]")) {
    for (const each of form.querySelectorAll('input[name="c"]')) each.checked = event.target.checked;
  }
  counted(form);
});

// Shift chooses from the last one to this one.
let last = null;
document.addEventListener("click", (event) => {
  const box = event.target;
  if (!box.matches?.('form.chosen input[name="c"]')) return;
  const rows = [...box.form.querySelectorAll('input[name="c"]')];
  if (event.shiftKey && last && rows.includes(last)) {
    const [from, to] = [rows.indexOf(last), rows.indexOf(box)].sort((a, b) => a - b);
    for (const each of rows.slice(from, to + 1)) each.checked = box.checked;
    counted(box.form);
  }
  last = box;
});

// From the search the arrows go into the list and back.
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const rows = [...document.querySelectorAll("#found .row-link")];
  const search = document.querySelector("[data-find]");
  const at = rows.indexOf(event.target);
  if (at < 0 && (event.target !== search || event.key === "ArrowUp")) return;
  event.preventDefault();
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  (next < 0 ? search : rows[next])?.focus();
});

// An address says what is asked, not what is not.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches?.("form.is-filters [name]")) return;
  event.detail.path = location.pathname; // what the address asks now is asked anew by the form
  const told = event.detail.parameters;
  delete told.open; // that is what Enter says
  for (const name of Object.keys(told)) if (told[name] === "") delete told[name];
});

document.addEventListener("formdata", (event) => {
  if (!event.target.matches("form.is-filters")) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});
const here = new URL(location.href);
if (here.searchParams.has("open")) {
  here.searchParams.delete("open"); // coming back shows the list
  history.replaceState(history.state, "", here);
}

function begin(root) {
  for (const form of root.querySelectorAll("form.chosen")) counted(form);
  for (const button of root.querySelectorAll("[data-without-script]")) button.hidden = true;
}
begin(document);
document.addEventListener("htmx:afterSettle", () => begin(document));
window.addEventListener("pageshow", () => begin(document));
