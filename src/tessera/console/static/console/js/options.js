// Options below a field: one of them is chosen with the arrows, and told to whoever cannot see it.

/** Choose `item` of `items`, or none of them, for the field `input`. */
export function mark(input, items, item) {
  for (const each of items) each.setAttribute("aria-selected", String(each === item));
  if (item) {
    input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  } else input.removeAttribute("aria-activedescendant");
}

export const chosen = (items) => items.find((each) => each.getAttribute("aria-selected") === "true") ?? null;

/** Whether `event` is an arrow; then the one before or after the chosen one of `items` is chosen, round and round. */
export function moved(event, input, items) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return false;
  event.preventDefault();
  const step = event.key === "ArrowDown" ? 1 : -1;
  const at = items.indexOf(chosen(items));
  mark(input, items, items[at < 0 ? (step > 0 ? 0 : items.length - 1) : (at + step + items.length) % items.length]);
  return true;
}
