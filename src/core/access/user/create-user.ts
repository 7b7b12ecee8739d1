import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deps } from "../../context.ts";
import { AppError } from "../../protocol/errors.ts";
import { createOnce } from "../../protocol/idempotency/index.ts";
import type { CreateUserInput, CreateUserOutput } from "./schema.ts";
import { insertUser } from "./store.ts";

/**
 * Registers a user. `replayed` means that an earlier call with the same idempotency key created the user.
 * @throws AppError `conflict` if the e-mail address is taken, `idempotency_conflict`
 */
export async function createUser(
  ctx: Pick<Deps, "db" | "sql" | "cipher">,
  { idempotency_key: key, ...input }: z.infer<typeof CreateUserInput>,
): Promise<{ user: z.infer<typeof CreateUserOutput>; replayed: boolean }> {
  const newId = randomUUID();
  const creation = { owner: "administrator", operation: "create_user", key, request: input };
  const { id, replayed } = await createOnce(ctx, creation, newId, async (sql) => {
    if ((await insertUser.count(sql, { ...input, id: newId })) === 0)
      throw new AppError("conflict", { message: "A user with this e-mail address exists." });
  });
  return { user: { user_id: id }, replayed };
}
