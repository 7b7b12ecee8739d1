import { z } from "zod";
import { Id, Timestamp, visibleText } from "../../protocol/fields.ts";
import { Overlap } from "../credential/index.ts";

/** Names of agents that people register themselves. Shorter than an administrator's may be: they must fit into a sentence. */
const AgentName = visibleText(2, 50).refine((name) => !/[\n\t]/.test(name), {
  message: "must be one line",
  params: { keyword: "pattern" },
});

export const RegisterAgentInput = z.strictObject({ name: AgentName });
export const OwnAgentInput = z.strictObject({ agent_id: Id });
export const OwnKeyInput = z.strictObject({ agent_id: Id, key_id: Id });
export const RotateOwnKeyInput = z.strictObject({ agent_id: Id, overlap_seconds: Overlap });
export const OfferAgentInput = z.strictObject({ agent_id: Id, email: z.email().max(254) });
export const SetReturnUrlInput = z.strictObject({ agent_id: Id, return_url: z.string().max(500).nullable() });

const AgentState = z.enum(["active", "retired"]);

/** A key's secret. It leaves the server once. */
export const NewKeyOutput = z.object({
  agent_id: z.string(),
  key_id: z.string(),
  api_key: z.string(),
  previous_keys_end_at: Timestamp.nullable().meta({ description: "null: they go on as they were" }),
});

export const OwnAgentOutput = z.object({
  agent_id: z.string(),
  name: z.string(),
  state: AgentState,
  created_at: Timestamp,
  retired_at: Timestamp.nullable(),
  return_url: z.string().nullable(),
  owner_domain: z.string().nullable().meta({ description: "What people are shown of you. null: nothing" }),
  offer: z
    .object({ email: z.string(), until: Timestamp })
    .nullable()
    .meta({ description: "Whom it is offered to, until they answer" }),
  keys: z.array(
    z.object({
      key_id: z.string(),
      hint: z.string(),
      created_at: Timestamp,
      last_used_at: Timestamp.nullable().meta({ description: "To the minute" }),
      expires_at: Timestamp.nullable(),
      state: z.enum(["live", "expired", "ended"]),
    }),
  ),
});

export const ListBuiltAgentsOutput = z.object({
  agents: z.array(
    z.object({
      agent_id: z.string(),
      name: z.string(),
      state: AgentState,
      created_at: Timestamp,
      live_keys: z.number().int(),
      last_used_at: Timestamp.nullable(),
    }),
  ),
  offered: z
    .array(z.object({ agent_id: z.string(), name: z.string(), from: z.string(), until: Timestamp }))
    .meta({ description: "Agents that other people offer to this one" }),
  most_agents: z.number().int(),
});

export const ChangedAgentOutput = z.object({ agent_id: z.string() });
