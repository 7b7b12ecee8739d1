import type { CampaignsWords } from "./campaigns-en.ts";
import { campaignsEn } from "./campaigns-en.ts";
import { campaignsJa } from "./campaigns-ja.ts";
import type { PageWords } from "./language.tsx";

export const CAMPAIGNS: PageWords<CampaignsWords> = { en: campaignsEn, ja: campaignsJa };
