import type { PageWords } from "./language.tsx";
import type { TeamWords } from "./team-en.ts";
import { teamEn } from "./team-en.ts";
import { teamJa } from "./team-ja.ts";

export const TEAM: PageWords<TeamWords> = { en: teamEn, ja: teamJa };
