import type { InboxWords } from "./inbox-en.ts";
import { inboxEn } from "./inbox-en.ts";
import { inboxJa } from "./inbox-ja.ts";
import type { PageWords } from "./language.tsx";

export const INBOX: PageWords<InboxWords> = { en: inboxEn, ja: inboxJa };
