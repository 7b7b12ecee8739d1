import { z } from "zod";
import { JsonObject, Timestamp } from "../fields.ts";

export const AuditHistoryInput = z.strictObject({
  offset: z.number().int().min(0).max(1_000_000).optional(),
  limit: z.number().int().min(1).max(50).optional(),
});

export const AuditHistoryOutput = z.object({
  entries: z.array(
    z.object({
      id: z.string(),
      session_id: z.string().nullable(),
      operation: z.string(),
      endpoint: z.string(),
      request_summary: JsonObject.meta({
        description: "The request's shape, without secrets or personal data",
      }),
      response_status: z.number().int(),
      error_code: z.string().optional(),
      created_at: Timestamp,
    }),
  ),
  total_count: z.number().int(),
  offset: z.number().int(),
  limit: z.number().int(),
});
