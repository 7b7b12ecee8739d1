import { z } from "zod";
import { Timestamp } from "../../protocol/fields.ts";

export const DeletionStateOutput = z.object({
  is_fresh: z
    .boolean()
    .meta({ description: "The person signed in so lately that they may delete the account" }),
  owned_agents: z
    .array(z.object({ agent_id: z.string(), name: z.string() }))
    .meta({ description: "Agents that nobody else looks after. They are handed over or retired first" }),
  owned_organisations: z.array(z.object({ sponsor_id: z.string(), name: z.string() })).meta({
    description: "Sponsors that nobody else owns. They get another owner, or are closed, first",
  }),
});

export const DeleteAccountInput = z.strictObject({
  email: z.string().max(254).meta({ description: "The person's address, typed anew" }),
});
export const DeleteAccountOutput = z.object({ deleted_at: Timestamp });
