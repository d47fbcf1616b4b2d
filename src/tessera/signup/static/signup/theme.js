// How the club's site wants the frame to look, told after "#" of its address and later by messages. Runs before the
// first paint. What a host may say is exactly what the grammar below takes; it is set through the CSSOM, never as text
// of a style, and colours that could not be read are moved until they can.
(() => {
  "use strict";

  const HEX = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;
  const RGB = /^rgb\( *(\d{1,3}) *[, ] *(\d{1,3}) *[, ] *(\d{1,3}) *\)$/i;
  const RADIUS = /^(?:0|\d{1,2}(?:\.\d{1,2})?(?:px|rem|em))$/;
  const FAMILY = /^(?:[a-z][a-z0-9 _-]{0,60}|"[a-z][a-z0-9 _-]{0,60}"|'[a-z][a-z0-9 _-]{0,60}')$/i;
  const EMAIL = /^[^\s@<>"',;:\\\u0000-\u001f]{1,64}@[^\s@<>"',;:\\\u0000-\u001f]{1,255}$/;
  const UNREADABLE = 4.5; // WCAG 2.2, 1.4.3
  const INK = [21, 24, 31];
  const WHITE = [255, 255, 255];
  const PAPERS = { light: [250, 248, 243], dark: [22, 25, 33] };

  function colour(text) {
    if (HEX.test(text)) {
      const digits = text.length === 4 ? [...text.slice(1)].map((each) => each + each).join("") : text.slice(1);
      return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16));
    }
    const parts = RGB.exec(text);
    const numbers = parts && parts.slice(1).map(Number);
    return numbers && numbers.every((each) => each <= 255) ? numbers : null;
  }

  /** WCAG 2.2's relative luminance, 0 to 1. */
  function luminance(rgb) {
    const [r, g, b] = rgb.map((each) => (each / 255 <= 0.04045 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function contrast(one, other) {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  }

  const mixed = (one, other, share) => one.map((each, at) => Math.round(each * (1 - share) + other[at] * share));
  const css = (rgb) => `rgb(${rgb.join(" ")})`;
  const further = (from) => (luminance(from) > 0.18 ? INK : WHITE); // whichever stands out from it more

  /** `rgb`, moved away from `ground` as far as it takes to be read on it. */
  function readable(rgb, ground) {
    for (let share = 0; share <= 1; share += 0.05) {
      const tried = mixed(rgb, further(ground), share);
      if (contrast(tried, ground) >= UNREADABLE) return tried;
    }
    return further(ground);
  }

  const GRAMMAR = {
    accent: (text) => colour(text) !== null,
    background: (text) => text === "transparent" || colour(text) !== null,
    text: (text) => colour(text) !== null,
    radius: (text) => RADIUS.test(text) && parseFloat(text) <= (text.endsWith("px") ? 40 : 3),
    font: (text) => text.length <= 200 && text.split(",").every((each) => FAMILY.test(each.trim())),
    scheme: (text) => ["light", "dark", "auto"].includes(text),
  };
  const told = {};

  /** Take what is right of `theme` and show it; return the names of what was not understood. */
  function apply(theme) {
    const wrong = [];
    for (const [name, value] of Object.entries(theme || {})) {
      if (Object.hasOwn(GRAMMAR, name) && typeof value === "string" && GRAMMAR[name](value.trim())) told[name] = value.trim();
      else wrong.push(name.slice(0, 40));
    }
    show();
    return wrong;
  }

  function show() {
    const root = document.documentElement;
    const put = (name, value) => (value === null ? root.style.removeProperty(name) : root.style.setProperty(name, value));
    const scheme = told.scheme === "dark" || told.scheme === "light" ? told.scheme : null;
    if (scheme) root.dataset.scheme = scheme;
    else delete root.dataset.scheme;
    put("color-scheme", scheme);
    const dark = scheme ? scheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const said = told.background && told.background !== "transparent" ? colour(told.background) : null;
    const ground = said || PAPERS[dark ? "dark" : "light"];
    // See-through unless it was told otherwise: what is around the frame is the host's, and so is what is behind it.
    put("--host-background", said ? css(said) : told.background || null);
    const text = told.text ? readable(colour(told.text), ground) : said ? further(ground) : null;
    put("--host-text", text && css(text));
    put("--host-quiet", text && css(readable(mixed(text, ground, 0.35), ground)));
    put("--host-line", text && css(mixed(text, ground, 0.8)));
    const accent = told.accent ? colour(told.accent) : null;
    put("--host-accent", accent && css(accent));
    put("--host-on-accent", accent && css(contrast(WHITE, accent) >= UNREADABLE ? WHITE : further(accent)));
    put("--host-link", accent && css(readable(accent, ground)));
    put("--host-radius", told.radius || null);
    put("--host-font", told.font || null);
    for (const name of ["background", "text", "accent", "radius", "font"]) {
      root.toggleAttribute(`data-host-${name}`, name in told || (name === "text" && said !== null));
    }
  }

  /** The address a host wants filled in, or "" if it is none. */
  const address = (text) => (typeof text === "string" && text.length <= 254 && EMAIL.test(text) ? text : "");

  /** A title of one line, without what cannot be seen, or "". */
  const title = (text) =>
    typeof text === "string" && text.length <= 100 && !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text) ? text.trim() : "";

  const fragment = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const { email, title: named, closable, ...theme } = fragment;
  const looks = Object.fromEntries(Object.entries(theme).filter(([name]) => Object.hasOwn(GRAMMAR, name)));
  const wrong = apply(looks);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  window.tesseraTheme = { apply, address, title, wrong, first: { email: address(email), title: title(named), closable: closable === "yes" } };
})();
