import type { z } from "zod";
import { userExists } from "../../access/user/index.ts";
import type { Deps } from "../../context.ts";
import type { DataType } from "../../protocol/data-types.ts";
import { notFound } from "../../protocol/errors.ts";
import { PAGE_SIZE, requireId } from "../../protocol/fields.ts";
import type { ConsentRecord } from "./rules.ts";
import type { ListConsentsInput, ListConsentsOutput } from "./schema.ts";
import { countConsents, listConsentRecords } from "./store.ts";

/**
 * Lists a user's consent records, newest first: given, refused and withdrawn ones.
 * @throws AppError `not_found` for an unknown user
 */
export async function listConsents(
  { db }: Pick<Deps, "db">,
  { user_id, offset = 0, limit = PAGE_SIZE }: z.infer<typeof ListConsentsInput>,
): Promise<z.infer<typeof ListConsentsOutput>> {
  const userId = requireId(user_id, "user");
  if (!(await userExists(db, userId))) throw notFound("user");
  const [rows, total] = await Promise.all([
    listConsentRecords(db, userId, offset, limit),
    countConsents(db, userId),
  ]);
  return {
    consents: rows.map((row) => ({
      consent_id: row.id,
      consent_type: row.consentType as ConsentRecord["consentType"],
      sponsor: row.sponsor,
      campaign_id: row.campaignId,
      campaign_name: row.campaignName,
      service_key: row.serviceKey,
      data_types: row.dataTypes as DataType[],
      granted: row.granted,
      purpose: row.purpose,
      granted_via: row.grantedVia as "agent" | "human",
      created_at: row.createdAt.toISOString(),
      withdrawn_at: row.withdrawnAt?.toISOString() ?? null,
    })),
    total_count: total,
    offset,
    limit,
  };
}
