/** A user's side of bytes under a key. */

import { type Links, type Remote, then } from "./link.js";
import { callOn, held } from "./remote.js";
import type { Fernet, FernetMaker, Sealing } from "./types/sealed.js";

export function sealingOn(links: Links): Sealing {
  return {
    seal: (key, data, options) => callOn(links.shared())("seal", key, data, options),
    unseal: (key, sealed, options) => callOn(links.shared())("unseal", key, sealed, options),
  };
}

export function fernetMaker(links: Links): FernetMaker {
  return {
    generateKey: () => callOn(links.shared())("fernetGenerateKey"),
    fromKey: (key, olderKeys) => {
      const link = links.shared();
      return then(callOn(link)<Remote>("fernetFromKey", key, olderKeys), (remote) =>
        held<Fernet>(
          link,
          remote,
          (call): Fernet => ({
            encrypt: (data, options) => call("encrypt", data, options),
            decrypt: (token, options) => call("decrypt", token, options),
            extractTimestamp: (token) => call("timestamp", token),
            rotate: (token) => call("rotate", token),
          }),
        ),
      );
    },
  };
}
