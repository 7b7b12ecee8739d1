export { reencrypt } from "./reencrypt.ts";
