export { listConsents } from "./list-consents.ts";
export { listOwnConsents } from "./own-consents.ts";
export { type ConsentRecord, consentsOfCompletion } from "./rules.ts";
export {
  ListConsentsInput,
  ListConsentsOutput,
  ListOwnConsentsInput,
  ListOwnConsentsOutput,
  WithdrawConsentInput,
  WithdrawConsentOutput,
  WithdrawOwnConsentInput,
} from "./schema.ts";
export { endConsentsOfCompletion, recordConsents, recordInputConsent } from "./store.ts";
export { withdrawConsent } from "./withdraw-consent.ts";
export { exportConsents } from "./export-store.ts";
export { withdrawConsentsOfUser } from "./erase-store.ts";
