import "./button.css";
import type { ReactNode } from "react";

export interface ButtonProps {
  /** `allow`: green, what the page is for. `stop`: red. `plain` and `quiet` for the rest. */
  tone?: "allow" | "plain" | "quiet" | "stop" | "stop-solid";
  size?: "small" | "large" | undefined;
  type?: "button" | "submit";
  /** Whether its call is under way. A press then does nothing. */
  isBusy?: boolean;
  onPress?: () => void;
  children: ReactNode;
}

export function Button({
  tone = "plain",
  size,
  type = "button",
  isBusy = false,
  onPress,
  children,
}: ButtonProps) {
  return (
    <button
      className="btn"
      data-tone={tone}
      data-size={size}
      type={type}
      aria-busy={isBusy || undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onPress?.();
      }}
    >
      {children}
    </button>
  );
}
