import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import type { SetLimit } from "./carry-out.ts";
import { decideApproval } from "./decide-approval.ts";
import type { DecideApprovalOutput, DecideQuestionInput } from "./schema.ts";

/**
 * Records what the person who is signed in decides on an approval whose code they entered, and carries it out.
 * @throws AppError as `decideApproval`; `conflict` if the code wasn't entered
 */
export const decideQuestion = (
  ctx: Pick<Deps, "db" | "sql" | "log"> & { actor: UserActor; setLimit: SetLimit },
  input: z.infer<typeof DecideQuestionInput>,
): Promise<z.infer<typeof DecideApprovalOutput>> =>
  decideApproval(ctx, { ...input, user_id: ctx.actor.userId }, { needsCode: true, setLimit: ctx.setLimit });
