import type { Deps } from "../../core/context.ts";
import { reencrypt } from "../../core/personal-data/encryption/index.ts";
import type { Rounds } from "./run-job.ts";
import { startRounds } from "./run-job.ts";

/** A replica that doesn't know the new key yet still encrypts with an older one. */
const EVERY_MS = 10 * 60_000;

/** Encrypts anew what older keys hold, at once and then every few minutes, and says when nothing needs them any more. */
export const startKeyRotation = (deps: Deps): Rounds =>
  startRounds(
    EVERY_MS,
    async () => {
      const { values, unreadable } = await reencrypt(deps);
      if (unreadable.length > 0)
        deps.log.error(
          { event: "key_rotation_incomplete", unreadable },
          "some values can't be read with any key",
        );
      else deps.log.info({ event: "key_rotation", values }, "everything is encrypted with the current key");
    },
    (error) => {
      deps.log.error({ event: "key_rotation_failed", err: error }, "older encryption keys are still needed");
    },
  );
