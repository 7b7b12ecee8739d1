import { z } from "zod";

/** The input field that holds the person's session token. GPTs have no other place for it. */
export const sessionField = {
  session_token: z.string().min(1).max(200).optional().meta({ description: "From gpt_auth" }),
};

/** Returns the input for the core: without the session token, which authentication has already used. */
export function withoutSessionToken<Input extends { session_token?: string | undefined }>(
  input: Input,
): Omit<Input, "session_token"> {
  const { session_token: _authenticated, ...rest } = input;
  return rest;
}
