import type { KeyProofResult } from "../core/personal-data/encryption/index.ts";
import { SetupProblem } from "../platform/setup-problem.ts";

/** What an operator is told about a key that isn't the one of the database. */
export function keyProblem(result: Exclude<KeyProofResult, "ok">): SetupProblem {
  return result === "encryption"
    ? new SetupProblem(
        "DATA_ENCRYPTION_KEY",
        "the database was encrypted with another key",
        "Set it to that key, or while changing keys to both, separated by a comma " +
          "(the sandbox keeps its key in TOLLFREE_DATA_DIR)",
      )
    : new SetupProblem(
        "DIGEST_KEY",
        "the database's codes and pseudonyms were made with another key",
        "Set it to that key (unset, it is the first DATA_ENCRYPTION_KEY), or run --accept-digest-key once to give them up",
      );
}
