export { sendNextNotice } from "./send-notices.ts";
export { deleteOldNotices, noteBudgetUsedUp, noteGrant, noteSuspension } from "./store.ts";
export { eraseNotices } from "./erase-store.ts";
export { nameInMail } from "./write-mail.ts";
