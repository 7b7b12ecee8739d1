import "./toast.css";
import type { ReactNode } from "react";
import { createContext, use, useEffect, useMemo, useState } from "react";
import { Button } from "./button.tsx";

interface ToastContent {
  text: string;
  undo?: { label: string; onPress: () => void };
}

/** An undo is offered for ten seconds, as long as the server takes it. */
const SHOWN_MS = 10_000;

const ShowToast = createContext<(toast: ToastContent | undefined) => void>(() => undefined);
/** Shows a toast; undefined takes the one away that is shown. */
export const useToast = () => use(ShowToast);

/** Shows one toast at a time. The newest replaces the one before. */
export function Toasts({ children }: { children: ReactNode }) {
  const [toast, setToast] = useState<ToastContent>();
  useEffect(() => {
    if (toast === undefined) return;
    const timer = setTimeout(() => setToast(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  const show = useMemo(() => (next: ToastContent | undefined) => setToast(next), []);
  return (
    <ShowToast value={show}>
      {children}
      <div className="toasts" role="status">
        {toast !== undefined && (
          <div className="toast">
            <span>{toast.text}</span>
            {toast.undo !== undefined && (
              <Button
                size="small"
                onPress={() => {
                  toast.undo?.onPress();
                  setToast(undefined);
                }}
              >
                {toast.undo.label}
              </Button>
            )}
          </div>
        )}
      </div>
    </ShowToast>
  );
}
