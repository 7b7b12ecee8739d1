import { z } from "zod";
import { Id } from "../../protocol/fields.ts";

export const OwnClientInput = z.strictObject({ agent_id: Id });

export const PutOwnClientInput = OwnClientInput.extend({
  redirect_uris: z.array(z.string().max(500)).min(1).max(5).meta({
    description: "Where people may be sent back to with the answer",
  }),
});

export const OwnClientOutput = z.object({
  client: z
    .object({
      client_id: z.string(),
      redirect_uris: z.array(z.string()),
    })
    .nullable()
    .meta({ description: "null: the agent has no client" }),
  authorization_url: z.string(),
  token_url: z.string(),
  scope: z.string(),
});

export const NewClientOutput = z.object({
  client_id: z.string(),
  client_secret: z.string().meta({ description: "It is shown only once" }),
});

export const ChangedClientOutput = z.object({ agent_id: z.string() });
