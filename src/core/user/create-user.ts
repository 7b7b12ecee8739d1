import type { z } from "zod";
import type { Deps } from "../context.ts";
import { AppError } from "../errors.ts";
import type { CreateUserInput, CreateUserOutput } from "./schema.ts";
import { insertUser } from "./store.ts";

/** Registers a person. @throws `conflict` if the e-mail address is taken. */
export async function createUser(
  { db }: Pick<Deps, "db">,
  input: z.infer<typeof CreateUserInput>,
): Promise<z.infer<typeof CreateUserOutput>> {
  const user = await insertUser(db, { ...input, toolsUsed: input.tools_used });
  if (user === undefined)
    throw new AppError("conflict", { message: "A user with this e-mail address exists." });
  return { user_id: user.id };
}
