import type { Cipher } from "../../ports/cipher.ts";

/** Binds encrypted answers to their completion. */
const detailsContext = (completionId: string): string => `task_completions.details:${completionId}`;

/** Encrypts answers for storing. */
export const encryptAnswers = (
  cipher: Cipher,
  completionId: string,
  taskData: Record<string, unknown>,
): Uint8Array<ArrayBuffer> => cipher.encrypt(JSON.stringify(taskData), detailsContext(completionId));

/** Reads what `encryptAnswers` wrote. */
export const decryptAnswers = (
  cipher: Cipher,
  completionId: string,
  details: Uint8Array,
): Record<string, unknown> =>
  JSON.parse(cipher.decrypt(details, detailsContext(completionId)).toString("utf8")) as Record<
    string,
    unknown
  >;
