import "./ui/tokens.css";
import "./ui/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queries } from "./data/client.ts";
import { router } from "./router.tsx";
import { wearStoredTheme } from "./ui/theme.ts";
import { LanguageProvider, loadFirstWords } from "./words/language.tsx";

wearStoredTheme();
const firstWords = await loadFirstWords();
const root = document.getElementById("root");
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <LanguageProvider first={firstWords}>
          <RouterProvider router={router} />
        </LanguageProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
