import type { FundsWords } from "./funds-en.ts";
import { fundsEn } from "./funds-en.ts";
import { fundsJa } from "./funds-ja.ts";
import type { PageWords } from "./language.tsx";

export const FUNDS: PageWords<FundsWords> = { en: fundsEn, ja: fundsJa };
