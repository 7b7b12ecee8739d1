export { createUser } from "./create-user.ts";
export { CreateUserInput, CreateUserOutput } from "./schema.ts";
export { userExists } from "./store.ts";
