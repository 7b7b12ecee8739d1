import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { describeSchema } from "../../personal-data/data-schema/index.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { answersTable } from "./csv.ts";
import { viewsOf } from "./rules.ts";
import type { AnswerView, ExportAnswersInput } from "./schema.ts";
import { listAnswersAfter } from "./store.ts";

/** Answers read at a time, so that an export of any size needs little memory. */
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
  if (format === "json")
    return {
      filename,
      contentType: "application/json; charset=utf-8",
      chunks: asJson(readAnswers(ctx, campaign.id, (answer) => JSON.stringify(answer))),
    };
  if (format === "jsonl")
    return {
      filename,
      contentType: "application/x-ndjson; charset=utf-8",
      chunks: asLines(readAnswers(ctx, campaign.id, (answer) => `${JSON.stringify(answer)}\n`)),
    };
  const { requiredFields, optionalFields } = await describeSchema(ctx, campaign.taskSchema);
  const { header, record } = answersTable([...requiredFields, ...optionalFields]);
  return {
    filename,
    contentType: "text/csv; charset=utf-8; header=present",
    chunks: asCsv(header, readAnswers(ctx, campaign.id, record)),
  };
}

/** Yields the answers as texts, as many at a time as are read at a time. */
async function* readAnswers(
  { sql, cipher }: Pick<Deps, "sql" | "cipher">,
  campaignId: string,
  write: (answer: AnswerView) => string,
): AsyncGenerator<string[]> {
  let lastId: string | null = null;
  for (;;) {
    const rows = await listAnswersAfter.all(sql, { campaign_id: campaignId, after: lastId, most: BATCH });
    if (rows.length === 0) return;
    const texts: string[] = [];
    for await (const answer of viewsOf(cipher, rows)) texts.push(write(answer));
    yield texts;
    lastId = rows.at(-1)?.id ?? null;
  }
}

async function* asJson(batches: AsyncIterable<string[]>): AsyncGenerator<string> {
  let separator = "[\n";
  for await (const texts of batches) {
    yield separator + texts.join(",\n");
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}

async function* asLines(batches: AsyncIterable<string[]>): AsyncGenerator<string> {
  for await (const texts of batches) yield texts.join("");
}

/** Without it, Excel reads a CSV file in the system's charset, so that Japanese becomes unreadable. */
const BYTE_ORDER_MARK = "\ufeff";

async function* asCsv(header: string, batches: AsyncIterable<string[]>): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + header;
  yield* asLines(batches);
}
