export { SignInInput, SignInOutput } from "./schema.ts";
export { signIn } from "./sign-in.ts";
