import { z } from "zod";
import { Rule } from "../../access/rule/index.ts";
import { Budget, ExplicitScopes, Outcome, Timestamp } from "../../protocol/fields.ts";

export const ListOwnAgentsOutput = z.object({
  agents: z.array(
    z.object({
      grant_id: z.string(),
      agent: z.object({
        name: z.string(),
        owner_domain: z
          .string()
          .nullable()
          .meta({ description: "Where its owner has proven an e-mail address" }),
      }),
      state: z.enum(["active", "suspended", "stopped", "expired", "retired"]),
      suspended_reason: z.string().nullable(),
      undo_until: Timestamp.nullable().meta({ description: "Stopped just now: until then it can be undone" }),
      scopes: ExplicitScopes,
      budget: Budget,
      rules: z.array(Rule),
      reads_sponsor_texts: z.boolean().nullable().meta({
        description: "Whether it may read texts of sponsors and sellers. null: each surface has its default",
      }),
      expires_at: Timestamp,
      allowed_at: Timestamp,
      last_call: z
        .object({
          at: Timestamp,
          operation: z.string(),
          service_key: z.string().nullable(),
          service_name: z.string().nullable().meta({ description: "What its sponsor calls it now" }),
          outcome: Outcome,
        })
        .nullable(),
      calls_last_hour: z.number().int(),
    }),
  ),
});
export type OwnAgent = z.infer<typeof ListOwnAgentsOutput>["agents"][number];
