import { useState } from "react";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORED = "theme";

function storedTheme(): Theme {
  const stored = localStorage.getItem(STORED);
  return THEMES.find((theme) => theme === stored) ?? "system";
}

/** A theme is one attribute of the page. Without it, the system's is worn. */
function wear(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export const wearStoredTheme = (): void => wear(storedTheme());

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(storedTheme);
  const choose = (next: Theme): void => {
    if (next === "system") localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, next);
    wear(next);
    setTheme(next);
  };
  return [theme, choose];
}
