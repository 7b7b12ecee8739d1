import { TollfreeError } from "../../src/client/index.ts";

/** The error that a call of the client was refused with. @throws Error if the call wasn't refused */
export async function refusalOf(call: Promise<unknown>): Promise<TollfreeError> {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof TollfreeError) return thrown;
  throw new Error("the call wasn't refused by Tollfree", { cause: thrown });
}
