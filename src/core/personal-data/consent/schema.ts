import { z } from "zod";
import { CursorPaging, NextCursor } from "../../protocol/cursor.ts";
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

export const ListOwnConsentsInput = z.strictObject(CursorPaging);
export const ListOwnConsentsOutput = z.object({
  consents: z.array(
    z.object({
      consent_id: z.string(),
      at: Timestamp,
      recipient: z.string().nullable(),
      campaign: z
        .string()
        .nullable()
        .meta({ description: "Whose task it was, or who paid. null: no campaign" }),
      service_key: z.string().nullable().meta({ description: "Set if it was a call's input" }),
      service_name: z.string().nullable().meta({ description: "What its sponsor calls it now" }),
      data_types: z.array(DataTypeField),
      purpose: z.string(),
      granted_via: z.enum(["agent", "human"]),
      agent: z.string().nullable(),
      kept_until: Timestamp.nullable().meta({
        description:
          "Until then the recipient may read a task's answers here. null: they aren't here any more",
      }),
      contact_consent_id: z
        .string()
        .nullable()
        .meta({ description: "Set if the recipient may contact the person" }),
      withdrawn_at: Timestamp.nullable(),
    }),
  ),
  next_cursor: NextCursor,
});

export const WithdrawOwnConsentInput = z.strictObject({ consent_id: Id });
