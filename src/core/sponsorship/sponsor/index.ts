/** Sponsors: organisations that pay, and their API keys. */
export { authenticateSponsor } from "./authenticate-sponsor.ts";
export { createSponsor } from "./create-sponsor.ts";
export { listSponsors } from "./list-sponsors.ts";
export { rotateSponsorKey } from "./rotate-key.ts";
export {
  CreateSponsorInput,
  CreateSponsorOutput,
  ListSponsorsInput,
  ListSponsorsOutput,
  RotateSponsorKeyInput,
} from "./schema.ts";
export { addOwnKey, endOwnKey, listOwnKeys, rotateOwnKey } from "./own-keys.ts";
export { getOrganisation, setWallet } from "./own-sponsor.ts";
export { requireOpen } from "./require-open.ts";
export { closeSponsor, endKeysOf, lockForClosing } from "./own-store.ts";
export {
  EndKeyInput,
  EndKeyOutput,
  ListKeysOutput,
  NewSponsorKeyOutput,
  OrganisationOutput,
  RotateKeyInput,
  SetWalletInput,
} from "./own-schema.ts";
export { findWallet, insertEmptySponsor, nameOfSponsor, sponsorExists } from "./store.ts";
