import type { Deps, SponsorActor } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { writeEntry } from "../../core/sponsorship/sponsor-audit/index.ts";
import { toAppError } from "../response/error-body.ts";

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

const MOST_CHARACTERS = 200;

/** What a call is about, by the first of the input's fields that says it. Nothing else of the input is kept. */
function objectOf(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const fields = input as Record<string, unknown>;
  const value = OBJECTS.map((name) => fields[name]).find((field) => typeof field === "string");
  return typeof value === "string" ? value.slice(0, MOST_CHARACTERS) : undefined;
}

/**
 * Makes a change for a sponsor, and writes it to the sponsor's audit log: done, or refused by which code. The row is stored before the
 * answer goes out. Asking for the terms of a payment changes nothing, so that leaves no row, and neither does a call too many.
 * @param call never throws if it is a procedure's `next`
 * @throws what `call` threw; AppError `service_unavailable` if the row can't be written
 */
export async function auditSponsorCall<Result extends { ok: boolean; error?: unknown }>(
  deps: Deps,
  actor: SponsorActor,
  action: string,
  input: unknown,
  call: () => Promise<Result>,
): Promise<Result> {
  const result = await call().catch((error: unknown) => ({ thrown: error }));
  const failure = "thrown" in result ? result.thrown : result.ok ? undefined : result.error;
  const error = failure === undefined ? undefined : toAppError(failure);
  if (error?.code !== "payment_required" && error?.code !== "rate_limited") {
    const entry = { action, object: objectOf(input), errorCode: error?.code };
    await writeEntry(deps, actor, entry).catch((auditError: unknown) => {
      const causes = error === undefined ? [auditError] : [auditError, error];
      throw new AppError("service_unavailable", {
        cause: new AggregateError(causes, "the sponsor's audit row was not written"),
      });
    });
  }
  if ("thrown" in result) throw result.thrown;
  return result;
}
