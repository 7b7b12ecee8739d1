import { usePerson, useSignOut } from "../../data/session.ts";
import { Down } from "../../ui/icons.tsx";
import { Menu } from "../../ui/menu.tsx";
import { said } from "../../ui/said.tsx";
import { THEMES, useTheme } from "../../ui/theme.ts";
import type { Language } from "../../words/language.tsx";
import { LANGUAGES, useWords } from "../../words/language.tsx";

/** Language and appearance, for anybody; signing out, for who is signed in. */
export function AccountMenu() {
  const { words, language, speak } = useWords();
  const [theme, setTheme] = useTheme();
  const person = usePerson();
  const signOut = useSignOut();
  const email = person && said(person.email, 60);
  const languages = Object.entries(LANGUAGES) as [Language, string][];
  return (
    <Menu
      who={email}
      groups={[
        {
          label: words.language,
          items: languages.map(([id, label]) => ({
            id,
            label,
            lang: id,
            isChosen: language === id,
            onPress: () => {
              speak(id).catch(() => undefined); // the language's words didn't load: the page stays as it is
            },
          })),
        },
        {
          label: words.appearance.label,
          items: THEMES.map((id) => ({
            id,
            label: words.appearance[id],
            isChosen: theme === id,
            onPress: () => setTheme(id),
          })),
        },
        ...(person === undefined
          ? []
          : [{ items: [{ id: "out", label: words.signOut, onPress: () => signOut.mutate() }] }]),
      ]}
    >
      {email === undefined ? (
        <span className="account-name">{words.language}</span>
      ) : (
        <>
          <span className="avatar" aria-hidden="true">
            {email.slice(0, 1).toUpperCase()}
          </span>
          <span className="account-name" data-email>
            {email}
          </span>
          <span className="unseen">{words.account}</span>
        </>
      )}
      <Down />
    </Menu>
  );
}
