import { z } from "zod";
import { Overlap } from "../../access/credential/index.ts";
import { Id, Page, Search, Timestamp, visibleText } from "../../protocol/fields.ts";

export const WalletAddress = z.string().regex(/^0x[0-9a-fA-F]{40}$/);

export const CreateSponsorInput = z.strictObject({
  name: visibleText(1, 100).meta({ examples: ["Acme Maps"] }),
  wallet_address: WalletAddress.optional().meta({
    description: "The address that withdrawals of unspent budget are paid to",
  }),
});

export const CreateSponsorOutput = z.object({
  sponsor_id: z.string(),
  api_key: z.string().meta({ description: "The key is shown only once" }),
});

export const RotateSponsorKeyInput = z.strictObject({ sponsor_id: Id, overlap_seconds: Overlap });

export const ListSponsorsInput = Search;
export const ListSponsorsOutput = z.object({
  sponsors: z.array(
    z.object({
      sponsor_id: z.string(),
      name: z.string(),
      wallet_address: z.string().nullable(),
      sponsored_apis: z.number().int(),
      campaigns: z.number().int(),
      created_at: Timestamp,
    }),
  ),
  ...Page.shape,
});
