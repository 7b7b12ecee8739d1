import type { PageWords } from "./language.tsx";
import type { OperatorsWords } from "./operators-en.ts";
import { operatorsEn } from "./operators-en.ts";
import { operatorsJa } from "./operators-ja.ts";

export const OPERATORS: PageWords<OperatorsWords> = { en: operatorsEn, ja: operatorsJa };
