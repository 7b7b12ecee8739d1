import type { Deps, SponsorActor } from "../../core/context.ts";
import { writeEntry } from "../../core/sponsorship/sponsor-audit/index.ts";
import { auditChange, objectOf } from "./audit-change.ts";

/** The field of an input that names what a call is about. */
const OBJECTS = [
  "campaign_id",
  "service_key",
  "member_id",
  "invitation_id",
  "key_id",
  "withdrawal_id",
  "answer_id",
  "endpoint_id",
] as const;

/**
 * Makes a change for a sponsor, and writes it to the sponsor's audit log, as `auditChange` does.
 * @throws what `call` threw; AppError `service_unavailable` if the row can't be written
 */
export const auditSponsorCall = <Result extends { ok: boolean; error?: unknown; data?: unknown }>(
  deps: Deps,
  actor: SponsorActor,
  action: string,
  input: unknown,
  call: () => Promise<Result>,
): Promise<Result> =>
  auditChange(call, (errorCode) =>
    writeEntry(deps, actor, { action, object: objectOf(input, OBJECTS), errorCode }),
  );
