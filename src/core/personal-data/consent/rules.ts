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
 * Without an agreement to share there is no completion, and agreeing to share includes agreeing to retention.
 * @param userConsent the consent block of the submission
 */
export function consentsOfCompletion(
  dataTypes: DataType[],
  campaign: { purpose: string; retentionDays: number },
  userConsent: { contact_permission: boolean },
): ConsentRecord[] {
  const { purpose } = campaign;
  return [
    { consentType: "data_sharing", dataTypes, granted: true, purpose },
    { consentType: "contact", dataTypes: [], granted: userConsent.contact_permission, purpose },
    {
      consentType: "retention",
      dataTypes,
      granted: true,
      purpose: `kept for ${campaign.retentionDays} days`,
    },
  ];
}
