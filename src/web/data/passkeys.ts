import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { queries } from "./client.ts";
import { ask, post, SignInError, startAfresh } from "./session.ts";

/** A passkey of the person's, as the sign-in lists it. */
interface Passkey {
  id: string;
  name: string | null;
  createdAt: string | null;
}

const passkeysQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: () => ask<Passkey[]>("/passkey/list-user-passkeys"),
});

export const usePasskeys = () => useQuery(passkeysQuery);

/** Older browsers have passkeys and not the functions that read a server's options. */
export const hasPasskeys = (): boolean =>
  typeof PublicKeyCredential === "function" && "parseCreationOptionsFromJSON" in PublicKeyCredential;

/** Asks the browser, and with it the person. @throws SignInError if they or their browser say no */
async function credentialOf(asking: Promise<Credential | null>): Promise<object> {
  try {
    const credential = await asking;
    if (credential instanceof PublicKeyCredential) return credential.toJSON();
  } catch (error) {
    if (error instanceof DOMException && error.name === "InvalidStateError")
      throw new SignInError("known_passkey");
    if (error instanceof DOMException && error.name === "SecurityError")
      throw new SignInError("other_address");
  }
  throw new SignInError("cancelled");
}

async function addPasskey(name: string): Promise<void> {
  const options = await ask<PublicKeyCredentialCreationOptionsJSON>("/passkey/generate-register-options");
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const response = await credentialOf(navigator.credentials.create({ publicKey }));
  await post("/passkey/verify-registration", { response, ...(name !== "" && { name }) });
}

async function signInWithPasskey(): Promise<void> {
  const options = await ask<PublicKeyCredentialRequestOptionsJSON>("/passkey/generate-authenticate-options");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const response = await credentialOf(navigator.credentials.get({ publicKey }));
  await post("/passkey/verify-authentication", { response });
}

const onSettled = () => queries.invalidateQueries({ queryKey: passkeysQuery.queryKey });

export const useAddPasskey = () => useMutation({ mutationFn: addPasskey, onSettled });
export const useRemovePasskey = () =>
  useMutation({ mutationFn: (id: string) => post("/passkey/delete-passkey", { id }), onSettled });
export const usePasskeySignIn = () => useMutation({ mutationFn: signInWithPasskey, onSuccess: startAfresh });

export const useChangePassword = () =>
  useMutation({
    mutationFn: (given: { currentPassword: string; newPassword: string }) => post("/change-password", given),
  });

/** Mails a link to the page on which a new password is chosen. */
export const useMailPasswordLink = () =>
  useMutation({
    mutationFn: (email: string) => post("/request-password-reset", { email, redirectTo: "/new-password" }),
  });

export const useChoosePassword = () =>
  useMutation({
    mutationFn: (given: { token: string; newPassword: string }) => post("/reset-password", given),
  });
