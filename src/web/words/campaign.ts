import type { CampaignWords } from "./campaign-en.ts";
import { campaignEn } from "./campaign-en.ts";
import { campaignJa } from "./campaign-ja.ts";
import type { PageWords } from "./language.tsx";

export const CAMPAIGN: PageWords<CampaignWords> = { en: campaignEn, ja: campaignJa };
