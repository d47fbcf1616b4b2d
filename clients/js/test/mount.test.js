// mount() loads the loader once for a host, and hands on what it was given.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { mount } from "tessera-membership/mount";

let scripts;

beforeEach(() => {
  scripts = [];
  globalThis.window = {};
  globalThis.document = {
    createElement: () => Object.assign(new EventTarget(), { remove() {} }),
    head: { append: (script) => scripts.push(script) },
  };
});

const loader = () => ({ mount: (target, options) => ({ target, options }) });

test("the loader of that host is loaded once, and mounts", async () => {
  const options = { host: "https://tessera.example/console/", organization: "club", plan: "pln_1", scriptNonce: "n" };
  const both = [mount("#a", options), mount("#b", options)];
  assert.deepEqual(scripts.map((each) => [each.src, each.nonce]), [["https://tessera.example/embed/v1.js", "n"]]);
  window.Tessera = loader();
  scripts[0].dispatchEvent(new Event("load"));
  const [first, second] = await Promise.all(both);
  assert.deepEqual(first, { target: "#a", options: { host: "https://tessera.example", organization: "club", plan: "pln_1" } });
  assert.equal(second.target, "#b");
  await mount("#c", options);
  assert.equal(scripts.length, 1);
});

test("what cannot be loaded is said, and can be tried again", async () => {
  const options = { host: "https://other.example", organization: "club" };
  const first = mount("#a", options);
  scripts[0].dispatchEvent(new Event("error"));
  await assert.rejects(first, /cannot be loaded/);
  const second = mount("#a", options);
  assert.equal(scripts.length, 2);
  window.Tessera = loader();
  scripts[1].dispatchEvent(new Event("load"));
  await second;
});

test("it needs a page, a host and an organization", async () => {
  await assert.rejects(mount("#a", { host: "https://tessera.example" }), TypeError);
  await assert.rejects(mount("#a"), TypeError);
  await assert.rejects(mount("#a", { host: "nowhere", organization: "club" }), TypeError);
  delete globalThis.document;
  await assert.rejects(mount("#a", { host: "https://tessera.example", organization: "club" }), /browser/);
});
