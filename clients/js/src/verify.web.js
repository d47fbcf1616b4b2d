export async function importKey(jwk) {
  return crypto.subtle.importKey("jwk", jwk, { name: "Ed25519" }, false, ["verify"]);
}

export async function isSigned(key, signature, data) {
  return crypto.subtle.verify({ name: "Ed25519" }, key, signature, data);
}
