import type { ReactNode } from "react";
import { createContext, use, useMemo, useState, useSyncExternalStore } from "react";
import type { Words } from "./en.ts";
import { en } from "./en.ts";
import type { Formats } from "./formats.ts";
import { createFormats } from "./formats.ts";

export type Language = "en" | "ja";
/** Each language's name in itself. */
export const LANGUAGES: Record<Language, string> = { en: "English", ja: "日本語" };

interface Spoken {
  language: Language;
  words: Words;
  format: Formats;
  speak: (language: Language) => Promise<void>;
}

const Context = createContext<Spoken | undefined>(undefined);
const STORED = "language";

/** English comes with the page; another language is loaded if it is spoken. */
const load = async (language: Language): Promise<Words> =>
  language === "ja" ? (await import("./ja.ts")).ja : en;

function preferred(): Language {
  const chosen = localStorage.getItem(STORED) ?? navigator.language;
  return chosen.startsWith("ja") ? "ja" : "en";
}

export interface FirstWords {
  language: Language;
  words: Words;
}

export async function loadFirstWords(): Promise<FirstWords> {
  const language = preferred();
  document.documentElement.lang = language;
  return { language, words: await load(language) };
}

export function LanguageProvider({ first, children }: { first: FirstWords; children: ReactNode }) {
  const [spoken, setSpoken] = useState(first);
  const value = useMemo(
    () => ({
      ...spoken,
      format: createFormats(spoken.language),
      async speak(language: Language) {
        localStorage.setItem(STORED, language);
        const words = await load(language);
        document.documentElement.lang = language;
        setSpoken({ language, words });
      },
    }),
    [spoken],
  );
  return <Context value={value}>{children}</Context>;
}

export function useWords(): Spoken {
  const spoken = use(Context);
  if (spoken === undefined) throw new Error("useWords needs a LanguageProvider around it");
  return spoken;
}

/** Sentences of one page, which come with the page, in both languages. */
export interface PageWords<W> {
  en: W;
  ja: W;
}

export const usePageWords = <W,>(of: PageWords<W>): W => of[useWords().language];

/** The time, four times a minute: what "2 minutes ago" needs, and no more. */
const NOW_STEP_MS = 15_000;
const currentStep = (): number => Math.floor(Date.now() / NOW_STEP_MS);

function onStep(listener: () => void): () => void {
  const timer = setInterval(listener, NOW_STEP_MS);
  return () => clearInterval(timer);
}

export function useNow(): number {
  useSyncExternalStore(onStep, currentStep);
  return Date.now();
}
