// Node has had Ed25519 for long; its WebCrypto still calls it an experiment.
import { createPublicKey, verify } from "node:crypto";

export async function importKey(jwk) {
  return createPublicKey({ key: jwk, format: "jwk" });
}

export async function isSigned(key, signature, data) {
  return verify(null, data, key, signature);
}
