import "./sign-in-settings.css";
import { hasPasskeys } from "../../../data/passkeys.ts";
import { useWords } from "../../../words/language.tsx";
import { Passkeys } from "./passkeys.tsx";
import { Password } from "./password.tsx";

/** How the person signs in: passkeys, and a password. */
export function SignInSettings({ email }: { email: string }) {
  const { signInSettings: w } = useWords().words;
  return (
    <section className="sheet sign-in-settings" aria-label={w.title}>
      <h2>{w.title}</h2>
      {hasPasskeys() ? <Passkeys /> : <p className="note">{w.passkeys.unsupported}</p>}
      <Password email={email} />
    </section>
  );
}
