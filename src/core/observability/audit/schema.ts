import { z } from "zod";
import { CursorPaging, NextCursor } from "../../protocol/cursor.ts";
import { foreignPath, foreignShape } from "../../protocol/foreign/index.ts";
import { Id, JsonObject, Outcome, Page, Paging, Timestamp } from "../../protocol/fields.ts";

export const AuditHistoryInput = Paging;

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
      outcome: Outcome,
    }),
  ),
  next_cursor: NextCursor,
});
