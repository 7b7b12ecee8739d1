/** Whether session and grant allow what a call needs. If not, the call is refused, and the user is asked. */
export { requirePermission } from "./require-permission.ts";
