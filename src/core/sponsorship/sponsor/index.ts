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
export { findWallet, nameOfSponsor, sponsorExists } from "./store.ts";
