import {
  putVaultItem,
  PutVaultItemInput,
  PutVaultItemOutput,
} from "../../../core/personal-data/vault/index.ts";
import { adminProcedure } from "../../procedure/trpc.ts";
import { ok, success } from "../../response/envelope.ts";
import { USER_ID } from "../examples.ts";

export const vaultProcedures = {
  putVaultItem: adminProcedure
    .meta({
      openapi: {
        method: "PUT",
        path: "/admin/users/{user_id}/vault",
        summary: "Store a user's personal data",
        description:
          'Encrypted, one value for each data type; a new value replaces the old one. Agents never see it. They submit {"$vault": "email"}, and the value is filled in if scope and consent allow the transfer.',
      },
      errors: ["not_found"],
      example: {
        request: { user_id: USER_ID, data_type: "region", value: "Portugal" },
        response: { data_type: "region", stored: true },
      },
    })
    .input(PutVaultItemInput)
    .output(success(PutVaultItemOutput))
    .mutation(async ({ ctx, input }) => ok(ctx, await putVaultItem(ctx.deps, input))),
};
