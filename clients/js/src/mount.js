// The frame people join in. What does it is the loader that Tessera serves, so that it never is older than the frame.

const loading = new Map(); // host → promise of the loader's window.Tessera

function loaded(host, scriptNonce) {
  if (window.Tessera?.mount) return Promise.resolve(window.Tessera);
  if (!loading.has(host)) {
    const script = document.createElement("script");
    script.src = `${host}/embed/v1.js`;
    script.async = true;
    if (scriptNonce) script.nonce = scriptNonce;
    const promise = new Promise((resolve, reject) => {
      script.addEventListener("load", () => {
        if (window.Tessera?.mount) resolve(window.Tessera);
        else reject(new Error(`Tessera: ${script.src} is not the loader`));
      });
      script.addEventListener("error", () => reject(new Error(`Tessera: ${script.src} cannot be loaded`)));
    });
    promise.catch(() => {
      loading.delete(host); // another time it may be there
      script.remove();
    });
    loading.set(host, promise);
    document.head.append(script);
  }
  return loading.get(host);
}

export async function mount(target, options) {
  if (typeof document === "undefined") throw new Error("Tessera: mount() needs a page, so call it in a browser");
  const { host, organization, scriptNonce, ...further } = options ?? {};
  if (!host || !organization) throw new TypeError("Tessera: mount() needs host and organization");
  const { origin } = new URL(host);
  const tessera = await loaded(origin, scriptNonce);
  return tessera.mount(target, { ...further, host: origin, organization });
}
