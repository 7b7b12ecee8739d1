export { sendNextNotice } from "./send-notices.ts";
export { deleteOldNotices, noteBudgetUsedUp, noteGrant, noteSuspension } from "./store.ts";
