/** What the user decides on an approval: carried out on the grant and the session that it is about. */
export { decideApproval } from "./decide-approval.ts";
export { DecideApprovalInput, DecideApprovalOutput } from "./schema.ts";
