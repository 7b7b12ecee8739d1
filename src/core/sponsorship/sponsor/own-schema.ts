import { z } from "zod";
import { Overlap } from "../../access/credential/index.ts";
import { Id, Timestamp } from "../../protocol/fields.ts";
import { SPONSOR_ROLES } from "../../protocol/sponsor-roles.ts";
import { WalletAddress } from "./schema.ts";

export const OrganisationOutput = z.object({
  sponsor_id: z.string(),
  name: z.string(),
  wallet_address: z.string().nullable().meta({ description: "Where withdrawals are paid to" }),
  role: z.enum(SPONSOR_ROLES),
  created_at: Timestamp,
});

export const SetWalletInput = z.strictObject({ wallet_address: WalletAddress });

export const ListKeysOutput = z.object({
  keys: z.array(
    z.object({
      key_id: z.string(),
      hint: z.string().meta({ description: "First and last characters of the key" }),
      state: z.enum(["live", "expired", "ended"]),
      created_at: Timestamp,
      expires_at: Timestamp.nullable().meta({ description: "The key opens nothing after this time" }),
      last_used_at: Timestamp.nullable().meta({ description: "To the minute" }),
    }),
  ),
});

export const RotateKeyInput = z.strictObject({ overlap_seconds: Overlap });
export const EndKeyInput = z.strictObject({ key_id: Id });
export const EndKeyOutput = z.object({ key_id: z.string() });

/** A key's secret. It leaves the server once. */
export const NewSponsorKeyOutput = z.object({
  key_id: z.string(),
  api_key: z.string(),
  previous_keys_end_at: Timestamp.nullable().meta({ description: "null: they go on as they were" }),
});
