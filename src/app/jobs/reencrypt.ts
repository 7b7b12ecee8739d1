import type { Deps } from "../../core/context.ts";
import { reencrypt } from "../../core/personal-data/encryption/index.ts";
import type { Job } from "./run-job.ts";

/**
 * Encrypts with the current key what older keys encrypted, and logs when no value needs an older key. It has to repeat:
 * until its restart, a replica that doesn't know the current key goes on encrypting with an older one.
 */
export const reencryptWithCurrentKey = (deps: Deps): Job => ({
  everyMs: 10 * 60_000,
  async run() {
    const { values, unreadable } = await reencrypt(deps);
    if (unreadable.length > 0)
      deps.log.error(
        { event: "key_rotation_incomplete", unreadable },
        "some values can't be read with any key",
      );
    else deps.log.info({ event: "key_rotation", values }, "everything is encrypted with the current key");
  },
  failure: { event: "key_rotation_failed", message: "older encryption keys are still needed" },
});
