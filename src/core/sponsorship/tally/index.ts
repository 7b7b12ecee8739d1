/** Tallies: how often agents saw campaigns, opened their tasks, and were refused runs by their rules. */
export { CampaignTallies } from "./campaign-tallies.ts";
