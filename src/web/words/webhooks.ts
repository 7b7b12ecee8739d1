import type { PageWords } from "./language.tsx";
import type { WebhooksWords } from "./webhooks-en.ts";
import { webhooksEn } from "./webhooks-en.ts";
import { webhooksJa } from "./webhooks-ja.ts";

export const WEBHOOKS: PageWords<WebhooksWords> = { en: webhooksEn, ja: webhooksJa };
