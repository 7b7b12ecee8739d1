/** Closing an organisation: nobody acts for it any more. */
export { closeOrganisation, readClosingState } from "./close-organisation.ts";
export { CloseOrganisationInput, CloseOrganisationOutput, ClosingStateOutput } from "./schema.ts";
