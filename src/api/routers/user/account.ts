import {
  deleteAccount,
  DeleteAccountInput,
  DeleteAccountOutput,
  DeletionStateOutput,
  readDeletionState,
} from "../../../core/account/deletion/index.ts";
import { limitedBy, personProcedure } from "../../procedure/person.ts";
import { ok, success } from "../../response/envelope.ts";

export const accountProcedures = {
  deletion_state: personProcedure
    .output(success(DeletionStateOutput))
    .query(async ({ ctx }) => ok(ctx, await readDeletionState({ ...ctx.deps, actor: ctx.actor }))),

  delete: limitedBy("accountDeleted")
    .input(DeleteAccountInput)
    .output(success(DeleteAccountOutput))
    .mutation(async ({ ctx, input }) =>
      ok(ctx, await deleteAccount({ ...ctx.deps, actor: ctx.actor }, input)),
    ),
};
