import type { Cipher } from "../../ports/cipher.ts";
import type { DataType } from "../../protocol/data-types.ts";
import type { AnswerView } from "./schema.ts";
import type { AnswerRow } from "./store.ts";

/** Binds encrypted answers to their completion. */
const detailsContext = (completionId: string): string => `task_completions.details:${completionId}`;

/** Encrypts answers for storing. */
export const encryptAnswers = (
  cipher: Cipher,
  completionId: string,
  taskData: Record<string, unknown>,
): Uint8Array<ArrayBuffer> => cipher.encrypt(JSON.stringify(taskData), detailsContext(completionId));

/**
 * The respondent's id within one campaign. It differs between campaigns, so sponsors can't link a person's
 * answers.
 */
const respondentId = (cipher: Cipher, campaignId: string, userId: string): string =>
  cipher.hmac(`respondent:${campaignId}:${userId}`).toString("hex").slice(0, 32);

/** An answer as the campaign's sponsor sees it. */
export function toView(cipher: Cipher, row: AnswerRow): AnswerView {
  const taskData = cipher.decrypt(row.details, detailsContext(row.id)).toString("utf8");
  return {
    answer_id: row.id,
    respondent_id: respondentId(cipher, row.campaign_id, row.user_id),
    task_data: JSON.parse(taskData) as Record<string, unknown>,
    data_types: row.data_types as DataType[],
    sources: row.sources,
    contact_permitted: row.contact_permitted,
    submitted_at: row.created_at.toISOString(),
    retained_until: row.retained_until.toISOString(),
  };
}
