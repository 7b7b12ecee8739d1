import { z } from "zod";
import { JsonObject, Page, Search, Timestamp } from "../../protocol/fields.ts";
import { IdempotencyKey } from "../../protocol/idempotency/index.ts";

const Region = z.string().min(1).max(64);

export const SetOwnRegionInput = z.strictObject({ region: Region.or(z.literal("")) });

export const CreateUserInput = z.strictObject({
  email: z.email().max(254),
  region: Region.meta({ description: "Region where the user lives", examples: ["DE"] }),
  roles: z
    .array(z.string().min(1).max(64))
    .max(50)
    .meta({ description: "Roles of the user. Campaigns can target them", examples: [["developer"]] }),
  tools_used: z
    .array(z.string().min(1).max(64))
    .max(50)
    .meta({ examples: [["vscode"]] }),
  attributes: JsonObject,
  idempotency_key: IdempotencyKey.optional(),
});

export const CreateUserOutput = z.object({ user_id: z.string() });

export const ListUsersInput = Search;
export const ListUsersOutput = z.object({
  users: z.array(
    z.object({
      user_id: z.string(),
      email: z.string(),
      region: z.string(),
      roles: z.array(z.string()),
      tools_used: z.array(z.string()),
      agents: z
        .array(z.object({ grant_id: z.string(), agent_id: z.string(), name: z.string() }))
        .meta({ description: "Agents that may act for the user now" }),
      created_at: Timestamp,
    }),
  ),
  ...Page.shape,
});
