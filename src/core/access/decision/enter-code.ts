import { timingSafeEqual } from "node:crypto";
import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { AppError, invalidField, notFound } from "../../protocol/errors.ts";
import { requireId } from "../../protocol/fields.ts";
import {
  bindToUser,
  countWrongCode,
  lockApproval,
  type LockedApproval,
  MOST_WRONG_CODES,
  userCodeOf,
} from "../approval/index.ts";
import { hashSecret } from "../credential/index.ts";
import type { EnterCodeInput } from "./schema.ts";

/**
 * Takes the code that the agent shows, which proves that the person has met the agent. The first right code binds the
 * approval to the person who entered it; so many wrong ones end it.
 * @throws AppError `validation_error` for a wrong code; `conflict` if the approval has ended; `not_found` for an unknown
 *   approval, and for one that waits for somebody else
 */
export async function enterCode(
  { sql, log, actor }: Pick<Deps, "sql" | "log"> & { actor: UserActor },
  input: z.infer<typeof EnterCodeInput>,
): Promise<void> {
  const id = requireId(input.approval_id, "approval");
  const codeHash = hashSecret(userCodeOf(input.code));
  const { userId } = actor;
  const wrongCodes = await sql.transaction(async (tx) => {
    const approval = await lockApproval(tx, id, userId);
    if (approval === undefined || isOfAnother(approval, userId)) throw notFound("approval");
    if (approval.code_entered) return 0;
    if (approval.status !== "pending") throw ended();
    if (timingSafeEqual(approval.user_code_hash, codeHash)) {
      await bindToUser.count(tx, { id, user_id: userId });
      return 0;
    }
    return (await countWrongCode.one(tx, { id, most: MOST_WRONG_CODES })).wrong_codes;
  });
  if (wrongCodes === 0) return;
  log.warn(
    { event: "wrong_user_code", approval_id: id, user_id: userId, wrongCodes },
    "wrong code for an approval",
  );
  const left = MOST_WRONG_CODES - wrongCodes;
  if (left <= 0) throw ended();
  const tries = left === 1 ? "1 try" : `${left} tries`;
  throw invalidField("/code", `That isn't the code. ${tries} left.`, "const");
}

const isOfAnother = ({ user_id }: LockedApproval, userId: string): boolean =>
  user_id !== null && user_id !== userId;

const ended = (): AppError =>
  new AppError("conflict", {
    message:
      "This question has ended: its time is over, or the code was wrong too often. The agent can ask again.",
  });
