import type { z } from "zod";
import type { Deps, SponsorActor } from "../../context.ts";
import { callerKey } from "../../context.ts";
import { TookTooLong } from "../../ports/compute.ts";
import { invalidField } from "../../protocol/errors.ts";
import type {
  ListOperationsInput,
  ListOperationsOutput,
  ReadOperationInput,
  ReadOperationOutput,
} from "./schema.ts";
import type { DESCRIPTION_TASKS, DescriptionTask, Readable } from "./tasks.ts";

type Context = Pick<Deps, "compute"> & { actor: SponsorActor };

/** Lists the operations of a pasted OpenAPI document. @throws `validation_error` if it can't be read */
export async function listDocumentOperations(
  ctx: Context,
  { document }: z.infer<typeof ListOperationsInput>,
): Promise<z.infer<typeof ListOperationsOutput>> {
  return { operations: unwrap(await perform(ctx, "listOperations", [document])) };
}

/** Reads what registers one operation of a pasted OpenAPI document. @throws `validation_error` if it can't be read */
export async function readDocumentOperation(
  ctx: Context,
  { document, operation }: z.infer<typeof ReadOperationInput>,
): Promise<z.infer<typeof ReadOperationOutput>> {
  return unwrap(await perform(ctx, "readOperation", [document, operation]));
}

/** An input schema of a seller in the form in which it can be registered. Undefined: it can't be read. */
export async function readSellersSchema(
  ctx: Context,
  schema: Record<string, unknown>,
): Promise<Record<string, unknown> | undefined> {
  const result = await perform(ctx, "toInputSchema", [schema]);
  return "read" in result ? result.read : undefined;
}

function unwrap<Result>(result: Readable<Result>): Result {
  if ("read" in result) return result.read;
  throw invalidField("/document", result.problem, "format");
}

/** The largest document takes about half a second. One that is made to take longer doesn't keep others from the thread. */
const GIVE_UP_AFTER_MS = 4_000;

/** Always in the compute thread: what a document costs isn't known before it was parsed. */
async function perform<Task extends DescriptionTask>(
  ctx: Context,
  name: Task,
  args: Parameters<(typeof DESCRIPTION_TASKS)[Task]>,
): Promise<ReturnType<(typeof DESCRIPTION_TASKS)[Task]>> {
  type Result = ReturnType<(typeof DESCRIPTION_TASKS)[Task]>;
  try {
    return (await ctx.compute.run(
      callerKey(ctx),
      { name, args },
      { giveUpAfterMs: GIVE_UP_AFTER_MS },
    )) as Result;
  } catch (error) {
    if (error instanceof TookTooLong) return { problem: "It takes too long to read." } as Result;
    throw error;
  }
}
