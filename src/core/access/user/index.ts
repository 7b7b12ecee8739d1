export { createUser } from "./create-user.ts";
export { FRESH_SECONDS, requireFreshSignIn } from "./fresh-sign-in.ts";
export { linkAccount } from "./link-account.ts";
export { setOwnRegion } from "./own-region.ts";
export { listUsers } from "./list-users.ts";
export {
  CreateUserInput,
  CreateUserOutput,
  ListUsersInput,
  ListUsersOutput,
  SetOwnRegionInput,
} from "./schema.ts";
export { findRegion, lockUser, userExists } from "./store.ts";
export { exportUser } from "./export-store.ts";
export { lockForDeletion, makeTombstone, shareUser } from "./deletion-store.ts";
export { requireUser } from "./require-user.ts";
