import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { describeSchema } from "../../personal-data/data-schema/index.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { answersTable } from "./csv.ts";
import { toView } from "./rules.ts";
import type { AnswerView, ExportAnswersInput } from "./schema.ts";
import { listAnswersAfter } from "./store.ts";

/** Answers read and decrypted at a time, so that an export of any size needs little memory. */
const BATCH = 100;

/** A file that is generated while it is read. */
export interface AnswersFile {
  filename: string;
  contentType: string;
  chunks: AsyncIterable<string>;
}

/**
 * Exports all answers of a campaign's data inbox as one file, oldest first. If a consent is withdrawn during
 * the export, its answer is left out, unless it was already sent.
 * @throws `not_found`, also for another sponsor's campaign
 */
export async function exportAnswers(
  ctx: Pick<Deps, "db" | "sql" | "cipher" | "compute"> & { actor: SponsorActor },
  { campaign_id, format = "json" }: z.infer<typeof ExportAnswersInput>,
): Promise<AnswersFile> {
  const campaign = await requireOwnCampaign(ctx.db, campaign_id, ctx.actor.sponsorId);
  const filename = `answers-${campaign.id}.${format}`;
  const batches = readAnswers(ctx, campaign.id);
  if (format === "json")
    return { filename, contentType: "application/json; charset=utf-8", chunks: asJson(batches) };
  const { requiredFields, optionalFields } = await describeSchema(ctx, campaign.taskSchema);
  const table = answersTable([...requiredFields, ...optionalFields]);
  return { filename, contentType: "text/csv; charset=utf-8; header=present", chunks: asCsv(batches, table) };
}

async function* readAnswers(
  { sql, cipher }: Pick<Deps, "sql" | "cipher">,
  campaignId: string,
): AsyncGenerator<AnswerView[]> {
  let lastId: string | null = null;
  for (;;) {
    const rows = await listAnswersAfter.all(sql, { campaign_id: campaignId, after: lastId, most: BATCH });
    if (rows.length > 0) yield rows.map((row) => toView(cipher, row));
    lastId = rows.at(-1)?.id ?? null;
    if (rows.length < BATCH) return;
  }
}

async function* asJson(batches: AsyncIterable<AnswerView[]>): AsyncGenerator<string> {
  let separator = "[\n";
  for await (const answers of batches) {
    yield separator + answers.map((answer) => JSON.stringify(answer)).join(",\n");
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}

/** Without it, Excel reads a CSV file in the system's charset, so that Japanese becomes unreadable. */
const BYTE_ORDER_MARK = "\ufeff";

async function* asCsv(
  batches: AsyncIterable<AnswerView[]>,
  { header, record }: ReturnType<typeof answersTable>,
): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + header;
  for await (const answers of batches) yield answers.map(record).join("");
}
