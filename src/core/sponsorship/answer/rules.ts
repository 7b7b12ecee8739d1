import type { Sources } from "../../personal-data/vault/index.ts";
import type { Cipher } from "../../ports/cipher.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { turnsBySize } from "../../protocol/turns.ts";
import { decryptAnswers } from "../task/index.ts";
import type { AnswerView } from "./schema.ts";
import type { AnswerRow } from "./store.ts";

/**
 * The respondent's id within one campaign. It differs between campaigns, so sponsors can't link a person's
 * answers.
 */
const respondentId = (cipher: Cipher, campaignId: string, userId: string): string =>
  cipher.hmac(`respondent:${campaignId}:${userId}`).toString("hex").slice(0, 32);

/** Answers as their sponsor sees them. Each is decrypted when it is asked for, a few in a turn of the event loop. */
export async function* viewsOf(cipher: Cipher, rows: readonly AnswerRow[]): AsyncGenerator<AnswerView> {
  const takeTurn = turnsBySize();
  for (const row of rows) {
    await takeTurn(row.details.length);
    yield toView(cipher, row);
  }
}

/** An answer as the campaign's sponsor sees it. */
const toView = (cipher: Cipher, row: AnswerRow): AnswerView => ({
  answer_id: row.id,
  respondent_id: respondentId(cipher, row.campaignId, row.userId),
  task_data: decryptAnswers(cipher, row.id, row.details),
  data_types: row.dataTypes as DataType[],
  sources: row.sources as Sources | null,
  contact_permitted: row.contactPermitted,
  state: row.state as AnswerView["state"],
  judge_until: row.judgeUntil.toISOString(),
  consent: {
    given_at: row.consentedAt.toISOString(),
    granted_via: row.grantedVia as AnswerView["consent"]["granted_via"],
    purpose: row.purpose,
  },
  submitted_at: row.createdAt.toISOString(),
  retained_until: row.retainedUntil.toISOString(),
});

/** Whether an answer allows contact, where that is asked for, and holds the text `q`. */
export function answerFilter({
  contact_permitted = false,
  q = "",
}: {
  contact_permitted?: boolean | undefined;
  q?: string | undefined;
}): (answer: AnswerView) => boolean {
  const wanted = q.trim().toLowerCase();
  return (answer) =>
    (!contact_permitted || answer.contact_permitted) && (wanted === "" || holds(answer.task_data, wanted));
}

/** Whether a value of the answers, at any depth, holds the text. */
function holds(value: unknown, text: string): boolean {
  if (typeof value === "string") return value.toLowerCase().includes(text);
  if (typeof value === "number" || typeof value === "boolean") return String(value) === text;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((part) => holds(part, text));
}
