import { z } from "zod";
import { DataTypeField, Id, Page, Paging, Timestamp } from "../../protocol/fields.ts";

const ConsentView = z
  .object({
    consent_id: z.string(),
    consent_type: z.enum(["data_sharing", "contact", "retention"]),
    sponsor: z.string().nullable().meta({ description: "Sponsor that may get the data" }),
    campaign_id: z.string().nullable(),
    campaign_name: z.string().nullable(),
    service_key: z
      .string()
      .nullable()
      .meta({ description: "Set if the data was part of a run's input. null for a task's answers" }),
    data_types: z.array(DataTypeField),
    granted: z.boolean(),
    purpose: z.string(),
    granted_via: z.enum(["agent", "human"]),
    created_at: Timestamp,
    withdrawn_at: Timestamp.nullable(),
  })
  .meta({ id: "Consent" });

export const ListConsentsInput = Paging.extend({ user_id: Id });
export const ListConsentsOutput = z.object({ consents: z.array(ConsentView), ...Page.shape });

export const WithdrawConsentInput = z.strictObject({ user_id: Id, consent_id: Id });
export const WithdrawConsentOutput = z.object({ withdrawn: z.literal(true), withdrawn_at: Timestamp });
