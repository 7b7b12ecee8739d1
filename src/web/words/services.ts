import type { PageWords } from "./language.tsx";
import type { ServicesWords } from "./services-en.ts";
import { servicesEn } from "./services-en.ts";
import { servicesJa } from "./services-ja.ts";

export const SERVICES: PageWords<ServicesWords> = { en: servicesEn, ja: servicesJa };
