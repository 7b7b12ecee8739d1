export { campaignRegions, callRegions } from "./phone-regions.ts";
