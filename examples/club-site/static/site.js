// What this site does when the frame tells it something: Tessera's events bubble up from the place it is in.
const place = document.getElementById("membership");
if (place) {
  place.addEventListener("tessera:completed", async ({ detail }) => {
    await fetch("/joined", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    document.getElementById("after").hidden = detail.status !== "active";
  });
}
