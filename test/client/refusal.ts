import { TollfreeError } from "../../src/client/index.ts";

/** The error a call of the client was refused with. */
export async function refusalOf(call: Promise<unknown>): Promise<TollfreeError> {
  const thrown: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof TollfreeError) return thrown;
  throw new Error("the call wasn't refused by Tollfree", { cause: thrown });
}
