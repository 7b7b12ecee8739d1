import { writeOperatorEntry } from "../../core/access/operator/index.ts";
import type { Deps } from "../../core/context.ts";
import { auditChange, objectOf, reasonOf } from "./audit-change.ts";

/** The field of an input that names what a call is about. */
const OBJECTS = [
  "operator_id",
  "approval_id",
  "consent_id",
  "key_id",
  "campaign_id",
  "service_key",
  "session_id",
  "grant_id",
  "agent_id",
  "sponsor_id",
  "user_id",
] as const;

/** What an envelope holds. */
const dataOf = (answer: unknown): unknown =>
  typeof answer === "object" && answer !== null && "data" in answer ? answer.data : undefined;

/** The changes that take a reason. */
const WITH_REASON = new Set(["pause", "admin.setPaymentSwitch"]);

/**
 * Makes a change that is about the whole server, and writes it to the log that operators read, as `auditChange` does.
 * @param operatorId undefined: it is made with the administrator's key
 * @throws what `call` threw; AppError `service_unavailable` if the row can't be written
 */
export const auditOperatorCall = <Result extends { ok: boolean; error?: unknown; data?: unknown }>(
  deps: Deps,
  operatorId: string | undefined,
  action: string,
  input: unknown,
  call: () => Promise<Result>,
): Promise<Result> =>
  auditChange(call, (errorCode, answer) =>
    writeOperatorEntry(deps, {
      operatorId,
      action,
      // What the call makes has its id in the answer only.
      object: objectOf(input, OBJECTS) ?? objectOf(dataOf(answer), OBJECTS),
      reason: WITH_REASON.has(action) ? reasonOf(input) : undefined,
      errorCode,
    }),
  );
