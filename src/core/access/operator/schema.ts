import { z } from "zod";
import { CursorPaging, NextCursor } from "../../protocol/cursor.ts";
import { Id, Outcome, Page, Paging, Timestamp, visibleText } from "../../protocol/fields.ts";

const Operator = z.object({
  operator_id: z.string(),
  email: z
    .string()
    .nullable()
    .meta({ description: "Null: the account was deleted, so nobody acts as this operator" }),
  passkeys: z.number().int().meta({ description: "How many passkeys open the page" }),
  added_by: z.string(),
  added_at: Timestamp,
  removed_at: Timestamp.nullable(),
});

export const AddOperatorInput = z.strictObject({
  email: z
    .string()
    .trim()
    .min(3)
    .max(320)
    .meta({ description: "The address that the account signs in with" }),
  added_by: visibleText(1, 100).meta({
    description: "Who decided it. The key says only that it was an administrator",
  }),
});
export const AddOperatorOutput = Operator;

export const ListOperatorsInput = Paging;
export const ListOperatorsOutput = Page.extend({ operators: z.array(Operator) });

export const RemoveOperatorInput = z.strictObject({ operator_id: Id });
export const RemoveOperatorOutput = z.object({ operator_id: z.string(), removed_at: Timestamp });

export const ListOperatorEntriesInput = z.strictObject(CursorPaging);
export const ListOperatorEntriesOutput = z.object({
  entries: z.array(
    z.object({
      entry_id: z.string(),
      created_at: Timestamp,
      by: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("operator"), email: z.string().nullable() }),
        z.object({ kind: z.literal("administrator") }),
      ]),
      action: z.string().meta({ description: "The operation, such as pause or admin.setPaymentSwitch" }),
      object: z.string().nullable().meta({ description: "The id or key of what it was about" }),
      reason: z.string().nullable(),
      outcome: Outcome,
    }),
  ),
  next_cursor: NextCursor,
});
