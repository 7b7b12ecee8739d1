import type { z } from "zod";
import type { Deps, UserActor } from "../../context.ts";
import { DATA_TYPES } from "../../protocol/data-types.ts";
import { listOwnItems } from "./own-items.ts";
import { listRecipients, listUses } from "./own-data-store.ts";
import { asText } from "./rules.ts";
import { putVaultItem } from "./put-item.ts";
import type { ListOwnDataOutput, PutOwnItemInput, PutVaultItemOutput } from "./schema.ts";

type Context = Pick<Deps, "db" | "sql" | "cipher"> & { actor: UserActor };

/** Lists every type of personal data: what the user has stored, when an agent last referred to it, and who got such data. */
export async function listOwnData(ctx: Context): Promise<z.infer<typeof ListOwnDataOutput>> {
  const owner = { user_id: ctx.actor.userId };
  const { items } = await listOwnItems(ctx);
  const uses = await listUses.all(ctx.sql, owner);
  const recipients = await listRecipients.all(ctx.sql, owner);
  return {
    types: DATA_TYPES.map((type) => {
      const item = items.find(({ data_type }) => data_type === type);
      const use = uses.find(({ data_type }) => data_type === type);
      return {
        data_type: type,
        stored:
          item === undefined
            ? null
            : {
                value: item.value,
                text: asText(item.value),
                updated_at: item.updated_at,
                last_used_at: use?.last_used_at.toISOString() ?? null,
              },
        recipients: recipients
          .filter(({ data_type }) => data_type === type)
          .map(({ name, last_at }) => ({ name, last_at: last_at.toISOString() })),
      };
    }),
  };
}

/** Stores the person's own data of one type, or removes it. @throws AppError as `putVaultItem` does */
export const putOwnItem = (
  ctx: Context,
  input: z.infer<typeof PutOwnItemInput>,
): Promise<z.infer<typeof PutVaultItemOutput>> => putVaultItem(ctx, { ...input, user_id: ctx.actor.userId });
