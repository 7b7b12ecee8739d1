import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { describeSchema } from "../../personal-data/data-schema/index.ts";
import { requireOwnCampaign } from "../campaign/index.ts";
import { answersTable } from "./csv.ts";
import { answerFilter, viewsOf } from "./rules.ts";
import type { AnswerView, ExportFoundAnswersInput } from "./schema.ts";
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
 * Exports the answers of a campaign's data inbox as one file, oldest first: all of them, or those that the input looks for. If a
 * consent is withdrawn during the export, its answer is left out, unless it was already sent.
 * @throws `not_found`, also for another sponsor's campaign
 */
export async function exportAnswers(
  ctx: Pick<Deps, "db" | "sql" | "cipher" | "compute"> & { actor: SponsorActor },
  { campaign_id, format = "json", ...wanted }: z.infer<typeof ExportFoundAnswersInput>,
): Promise<AnswersFile> {
  const campaign = await requireOwnCampaign(ctx.db, campaign_id, ctx.actor.sponsorId);
  const filename = `answers-${campaign.id}.${format}`;
  const read = (write: (answer: AnswerView) => string) => readAnswers(ctx, campaign.id, wanted, write);
  if (format === "json")
    return {
      filename,
      contentType: "application/json; charset=utf-8",
      chunks: asJson(read((answer) => JSON.stringify(answer))),
    };
  if (format === "jsonl")
    return {
      filename,
      contentType: "application/x-ndjson; charset=utf-8",
      chunks: asLines(read((answer) => `${JSON.stringify(answer)}\n`)),
    };
  const { requiredFields, optionalFields } = await describeSchema(ctx, campaign.taskSchema);
  const { header, record } = answersTable([...requiredFields, ...optionalFields]);
  return {
    filename,
    contentType: "text/csv; charset=utf-8; header=present",
    chunks: asCsv(header, read(record)),
  };
}

/**
 * Yields the answers as texts, those of a batch at a time. A batch of which none is wanted is yielded empty, so that the export stops
 * there if its reader has gone.
 */
async function* readAnswers(
  { sql, cipher }: Pick<Deps, "sql" | "cipher">,
  campaignId: string,
  { to_judge = false, ...wanted }: Omit<z.infer<typeof ExportFoundAnswersInput>, "campaign_id" | "format">,
  write: (answer: AnswerView) => string,
): AsyncGenerator<string[]> {
  const fits = answerFilter(wanted);
  let lastId: string | null = null;
  for (;;) {
    const rows = await listAnswersAfter.all(sql, {
      campaign_id: campaignId,
      to_judge,
      after: lastId,
      most: BATCH,
    });
    if (rows.length === 0) return;
    const texts: string[] = [];
    for await (const answer of viewsOf(cipher, rows)) if (fits(answer)) texts.push(write(answer));
    yield texts;
    lastId = rows.at(-1)?.id ?? null;
  }
}

async function* asJson(batches: AsyncIterable<string[]>): AsyncGenerator<string> {
  let separator = "[\n";
  for await (const texts of batches) {
    if (texts.length === 0) {
      yield "";
      continue;
    }
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
