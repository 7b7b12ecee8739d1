import { invalidField } from "../../protocol/errors.ts";
import { invisibleCharacterIn } from "../../protocol/invisible-text.ts";

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);

/**
 * Reads the address of a page that people go back to. Only https, but for a server on this machine, which is a sandbox:
 * there, also http on this machine.
 * @returns the address as a browser writes it
 * @throws AppError `validation_error`
 */
export function readReturnUrl(given: string, publicBaseUrl: string, pointer = "/return_url"): string {
  const refuse = (message: string) => invalidField(pointer, message, "format");
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || invisibleCharacterIn(given) !== undefined || /\s/.test(given))
    throw refuse("must be a whole address, such as https://example.com/done");
  if (url.username !== "" || url.password !== "") throw refuse("must not hold a user name or a password");
  const isOnThisMachine = url.protocol === "http:" && isLoopback(url);
  const isSandbox = isLoopback(new URL(publicBaseUrl));
  if (url.protocol !== "https:" && !(isOnThisMachine && isSandbox)) throw refuse("must begin with https://");
  return url.href;
}
