import { z } from "zod";
import { Id, Page, Search, Timestamp, visibleText } from "../../protocol/fields.ts";
import { Overlap } from "../credential/index.ts";

export const CreateAgentInput = z.strictObject({
  name: visibleText(1, 100).meta({
    description: "Users see this name when they decide about the agent",
    examples: ["Claude"],
  }),
});

export const CreateAgentOutput = z.object({
  agent_id: z.string(),
  api_key: z.string().meta({ description: "The key. It is shown only once" }),
});

export const ListAgentKeysInput = z.strictObject({ agent_id: Id });

export const ListAgentKeysOutput = z.object({
  keys: z.array(
    z.object({
      key_id: z.string(),
      hint: z.string().meta({ description: "First and last characters of the key" }),
      created_at: Timestamp,
      expires_at: Timestamp.nullable().meta({ description: "The key opens no sessions after this time" }),
      revoked_at: Timestamp.nullable(),
    }),
  ),
});

export const RotateAgentKeyInput = z.strictObject({ agent_id: Id, overlap_seconds: Overlap });

export const RevokeAgentKeyInput = z.strictObject({ agent_id: Id, key_id: Id });
export const RevokeAgentInput = z.strictObject({ agent_id: Id });
export const RevokeOutput = z.object({ revoked: z.literal(true), revoked_at: Timestamp });

const AgentStatus = z.enum(["active", "disabled"]);

export const ListAgentsInput = Search.extend({ status: AgentStatus.optional() });
export const ListAgentsOutput = z.object({
  agents: z.array(
    z.object({
      agent_id: z.string(),
      name: z.string(),
      status: AgentStatus,
      users: z.number().int().meta({ description: "Users for whom it may act now" }),
      created_at: Timestamp,
      revoked_at: Timestamp.nullable(),
    }),
  ),
  ...Page.shape,
});
