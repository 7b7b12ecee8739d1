import { z } from "zod";
import { Detail } from "../../response/concise/index.ts";

/**
 * Input fields of every operation for a signed-in person: their session token, since GPTs have no other place for it, and how much
 * the transport answers.
 */
export const sessionField = {
  session_token: z.string().min(1).max(200).optional().meta({ description: "From gpt_auth" }),
  detail: Detail.optional().meta({
    description:
      "Send concise: it leaves out what no next call needs, such as empty fields, also those that this document requires, and counts what is left out of a list. Default: full",
  }),
};

/** Returns the input for the core: without what authentication and transport have already used. */
export function withoutSessionToken<
  Input extends { session_token?: string | undefined; detail?: Detail | undefined },
>(input: Input): Omit<Input, "session_token" | "detail"> {
  const { session_token: _authenticated, detail: _read, ...rest } = input;
  return rest;
}
