/** Deleting the account of a person. */
export { deleteAccount, readDeletionState } from "./delete-account.ts";
export { DeleteAccountInput, DeleteAccountOutput, DeletionStateOutput } from "./schema.ts";
