import { z } from "zod";
import { CursorPaging, NextCursor } from "../../protocol/cursor.ts";
import { foreignPath, foreignShape } from "../../protocol/foreign/index.ts";
import { Id, JsonObject, Outcome, Page, Paging, Timestamp } from "../../protocol/fields.ts";

export const AuditHistoryInput = Paging.extend({
  cursor: CursorPaging.cursor.meta({
    description: "`next_cursor` of the page before, in place of `offset`: later calls don't move the pages",
  }),
});

export const AuditHistoryOutput = z.object({
  entries: z.array(
    z.object({
      id: z.string(),
      session_id: z.string().nullable(),
      operation: z.string(),
      endpoint: foreignPath(),
      request_summary: foreignShape(JsonObject).meta({
        description:
          "Shape of the request: types and lengths of its fields, without secrets or personal data",
      }),
      response_status: z.number().int(),
      error_code: z.string().optional(),
      created_at: Timestamp,
    }),
  ),
  ...Page.shape,
  total_is_lower_bound: z
    .literal(true)
    .optional()
    .meta({ description: "There are more calls than are counted" }),
  next_cursor: z.string().optional().meta({ description: "Left out on the last page" }),
});

export const ListOwnCallsInput = z.strictObject({ ...CursorPaging, grant_id: Id.optional() });
export const ListOwnCallsOutput = z.object({
  calls: z.array(
    z.object({
      id: z.string(),
      at: Timestamp,
      agent: z.object({ name: z.string() }),
      operation: z.string(),
      service_key: z.string().nullable(),
      service_name: z.string().nullable().meta({ description: "What its sponsor calls it now" }),
      outcome: Outcome,
    }),
  ),
  next_cursor: NextCursor,
});
