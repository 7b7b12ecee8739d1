import type { Mail } from "../../core/ports/mailer.ts";

/** The mails about signing in. */

/** Says how long a link works. */
const LINK_LIFE = "The link works once, for 15 minutes.";

export const signInMail = (to: string, url: string): Mail => ({
  to,
  subject: "Your sign-in link",
  text: `Open this link to sign in to Tollfree:\n\n${url}\n\n${LINK_LIFE}\n\nIf you didn't ask for it, ignore this mail. Nobody can sign in without it.\n`,
});

export const proveAddressMail = (to: string, url: string): Mail => ({
  to,
  subject: "Confirm your e-mail address",
  text: `Somebody signed up to Tollfree with this address. If it was you, open this link in the same browser to confirm it:\n\n${url}\n\nThe link works for one hour.\n\nIf it wasn't you, ignore this mail. The link changes nothing in other browsers.\n`,
});

export const addressTakenMail = (to: string, signInUrl: string): Mail => ({
  to,
  subject: "You have an account already",
  text: `Somebody tried to sign up to Tollfree with this address, which has an account already. Nothing was changed.\n\nIf it was you, sign in at ${signInUrl}. If you forgot your password, ask for a sign-in link there.\n`,
});

export const resetPasswordMail = (to: string, url: string): Mail => ({
  to,
  subject: "Choose a new password",
  text: `Open this link to choose a new password for Tollfree:\n\n${url}\n\n${LINK_LIFE}\n\nIf you didn't ask for it, ignore this mail. Your password stays as it is.\n`,
});
