import { z } from "zod";
import { CursorPaging, NextCursor } from "../../protocol/cursor.ts";
import { Outcome, Timestamp } from "../../protocol/fields.ts";

export const ListEntriesInput = z.strictObject(CursorPaging);
export const ListEntriesOutput = z.object({
  entries: z.array(
    z.object({
      entry_id: z.string(),
      created_at: Timestamp,
      by: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("member"), email: z.string().nullable() }),
        z.object({ kind: z.literal("key"), hint: z.string() }),
      ]),
      action: z.string().meta({ description: "The operation, such as campaigns.change" }),
      object: z.string().nullable().meta({ description: "The id or key of what it was about" }),
      outcome: Outcome,
    }),
  ),
  next_cursor: NextCursor,
});
