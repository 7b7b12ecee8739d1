/** Sentences about how a person signs in, in the settings. */
export const signInSettingsEn = {
  title: "Signing in",
  passkeys: {
    title: "Passkeys",
    lead: "Sign in with your fingerprint, your face or your device’s PIN. You get a mail when one is added or removed.",
    none: "You have none yet.",
    unnamed: "Passkey",
    added: "added",
    name: "Name",
    nameHint: "Such as “Work laptop”, to tell them apart.",
    add: "Add a passkey of this device",
    isAdded: "The passkey is added. You can sign in with it from now on.",
    remove: "Remove",
    removeTitle: (name: string) => `Remove “${name}”?`,
    removeBody: "Nobody can sign in with it any more. Your other ways to sign in stay.",
    removeYes: "Remove this passkey",
    keep: "Keep it",
    unsupported: "This browser is too old for passkeys.",
  },
  password: {
    title: "Password",
    current: "Present password",
    next: "New password",
    submit: "Change the password",
    link: "I have none, or forgot it: mail me a link",
    linkSent: (email: string) => `A link is on its way to ${email}. It works for 15 minutes.`,
    changed: "The password is changed. Everybody else who was signed in as you is signed out.",
  },
  newPassword: {
    title: "Choose a new password",
    lead: "It ends every sign-in with the old one.",
    submit: "Use this password",
    done: "The password is changed",
    doneLead: "Sign in with it.",
    over: "This link can’t be used any more",
    overLead:
      "It works once, for 15 minutes. Sign in with a link by mail, and ask for another one in the settings.",
  },
};
export type SignInSettingsWords = typeof signInSettingsEn;
