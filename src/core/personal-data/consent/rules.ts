import type { DataType } from "../../protocol/data-types.ts";

/** One row of `consents`. */
export interface ConsentRecord {
  consentType: "data_sharing" | "contact" | "retention";
  dataTypes: DataType[];
  granted: boolean;
  purpose: string;
}

/**
 * Returns the consent records of a completed task: one for sharing, one for contact and one for retention (R6.5).
 * @param userConsent the consent block of the submission; agreeing to share includes agreeing to retention
 */
export function consentsOfCompletion(
  dataTypes: DataType[],
  campaign: { purpose: string; retentionDays: number },
  userConsent: { data_sharing_agreed: boolean; contact_permission: boolean },
): ConsentRecord[] {
  const { purpose } = campaign;
  return [
    { consentType: "data_sharing", dataTypes, granted: userConsent.data_sharing_agreed, purpose },
    { consentType: "contact", dataTypes: [], granted: userConsent.contact_permission, purpose },
    {
      consentType: "retention",
      dataTypes,
      granted: userConsent.data_sharing_agreed,
      purpose: `kept for ${campaign.retentionDays} days`,
    },
  ];
}
