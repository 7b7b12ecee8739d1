import type { DataType } from "../../protocol/data-types.ts";

export interface ConsentRecord {
  consentType: "data_sharing" | "contact" | "retention";
  dataTypes: DataType[];
  granted: boolean;
  purpose: string;
}

/** What completing a task puts on record, R6.5: one consent each for sharing, contact and retention. */
export function consentsOfCompletion(
  dataTypes: DataType[],
  campaign: { purpose: string; retentionDays: number },
  act: { data_sharing_agreed: boolean; contact_permission: boolean },
): ConsentRecord[] {
  return [
    { consentType: "data_sharing", dataTypes, granted: act.data_sharing_agreed, purpose: campaign.purpose },
    { consentType: "contact", dataTypes: [], granted: act.contact_permission, purpose: campaign.purpose },
    {
      consentType: "retention",
      dataTypes,
      granted: act.data_sharing_agreed,
      purpose: `kept for ${campaign.retentionDays} days`,
    },
  ];
}
