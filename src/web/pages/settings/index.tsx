import "../../ui/sheet.css";
import "./settings.css";
import { usePerson, useSignOut } from "../../data/session.ts";
import { Button } from "../../ui/button.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Said } from "../../ui/said.tsx";
import { THEMES, useTheme } from "../../ui/theme.ts";
import { Preferences } from "./preferences.tsx";
import type { Language } from "../../words/language.tsx";
import { LANGUAGES, useWords } from "../../words/language.tsx";
import { PageHead } from "../shell/page-head.tsx";
import { AccountSettings } from "./account/index.tsx";
import { SignInSettings } from "./sign-in/index.tsx";

export function SettingsPage() {
  const { words, language, speak } = useWords();
  const [theme, setTheme] = useTheme();
  const person = usePerson();
  const signOut = useSignOut();
  const languages = Object.entries(LANGUAGES) as [Language, string][];
  return (
    <>
      <PageHead title={words.settings.title} lead={words.settings.lead} />
      <section className="sheet settings">
        <Choice
          label={words.language}
          value={language}
          onChange={(next) => {
            speak(next).catch(() => undefined); // the language's words didn't load: the page stays as it is
          }}
          options={languages.map(([value, label]) => ({ value, label }))}
        />
        <Choice
          label={words.appearance.label}
          value={theme}
          onChange={setTheme}
          options={THEMES.map((value) => ({ value, label: words.appearance[value] }))}
        />
      </section>
      <Preferences />
      {person !== undefined && <SignInSettings email={person.email} />}
      {person !== undefined && (
        <section className="sheet settings-account" aria-label={words.settings.account}>
          <dl>
            <dt>{words.settings.signedInAs}</dt>
            <dd>
              <Said text={person.email} />
            </dd>
          </dl>
          <Button isBusy={signOut.isPending} onPress={() => signOut.mutate()}>
            {words.signOut}
          </Button>
        </section>
      )}
      {person !== undefined && <AccountSettings email={person.email} />}
    </>
  );
}
